using System.Reflection;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Architecture.Tests;

/// <summary>What the message assembly declares, told apart by use.</summary>
internal static class MessageTypes
{
    public static IReadOnlyList<Type> Records { get; } =
    [
        .. typeof(WireJson).Assembly.GetExportedTypes().Where(type => type.GetMethod("<Clone>$") is not null)
            .OrderBy(type => type.Name, StringComparer.Ordinal),
    ];

    /// <summary>Records that are no part of another.</summary>
    public static IReadOnlyList<Type> Messages { get; } =
        [.. Records.Except(Records.SelectMany(Properties).SelectMany(property => Parts(property.PropertyType)))];

    public static IEnumerable<PropertyInfo> Properties(Type record) =>
        record.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly);

    public static Type Plain(Type type) => Nullable.GetUnderlyingType(type) ?? type;

    private static IEnumerable<Type> Parts(Type type) =>
        type.IsGenericType ? type.GenericTypeArguments.SelectMany(Parts) : [type];
}
