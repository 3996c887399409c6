using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Architecture.Tests;

/// <summary>The JSON schema of what the message assembly declares, descriptions apart.</summary>
internal static class MessageSchema
{
    private static readonly string[] Document = ["deviceId", "task", "actions", "scope"];

    /// <summary>A document is read without them, so that one answer can name all that is missing; needed they are all the same.</summary>
    private static readonly Dictionary<Type, string[]> Needed = new()
    {
        [typeof(ContractDocument)] = Document,
        [typeof(TaskAssigned)] = ["contractId", .. Document],
        [typeof(ContractTask)] = ["taskId", "type"],
        [typeof(PlannedAction)] = ["actionId", "actionType", "duration"],
        [typeof(ActionDuration)] = ["min", "mode", "max"],
        [typeof(ContractScope)] = ["actionTypes", "offlineAllowance"],
        [typeof(DataItem)] = ["name"],
        [typeof(DataRequest)] = ["name"],
    };

    /// <summary>Of every record and every enum, by name.</summary>
    public static IReadOnlyDictionary<string, JsonObject> All { get; } = typeof(WireJson).Assembly.GetExportedTypes()
        .Where(type => type.IsEnum || MessageTypes.Records.Contains(type))
        .ToDictionary(type => type.Name, type => type.IsEnum ? Enumeration(type) : Record(type));

    public static IEnumerable<string> Names => All.Keys;

    private static JsonObject Record(Type type)
    {
        var properties = MessageTypes.Properties(type).ToList();
        var required = Needed.GetValueOrDefault(type)
            ?? [.. properties.Where(property => property.IsDefined(typeof(System.Runtime.CompilerServices.RequiredMemberAttribute))).Select(Name)];
        return new JsonObject
        {
            ["type"] = "object",
            ["required"] = required.Length == 0 ? null : new JsonArray([.. required.Select(name => (JsonNode)name)]),
            ["properties"] = new JsonObject(properties.Select(property => KeyValuePair.Create(Name(property), (JsonNode?)Property(property)))),
        }.WithoutNulls();
    }

    private static JsonObject Enumeration(Type type) => new()
    {
        ["type"] = "string",
        ["enum"] = new JsonArray([.. Enum.GetNames(type).Select(name => (JsonNode)JsonNamingPolicy.CamelCase.ConvertName(name))]),
    };

    private static JsonObject Property(PropertyInfo property)
    {
        var schema = Of(MessageTypes.Plain(property.PropertyType));
        var isWrittenAsNull = property.GetCustomAttribute<JsonIgnoreAttribute>() is { Condition: JsonIgnoreCondition.Never };
        return !isWrittenAsNull ? schema
            : schema["type"] is { } type ? new JsonObject { ["type"] = new JsonArray(type.DeepClone(), "null") }
            : new JsonObject { ["oneOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) };
    }

    private static JsonObject Of(Type type) => type switch
    {
        _ when type == typeof(string) => Simple("string"),
        _ when type == typeof(Guid) => Simple("string", "uuid"),
        _ when type == typeof(DateTimeOffset) => Simple("string", "date-time"),
        _ when type == typeof(TimeSpan) => Simple("string", "duration"),
        _ when type == typeof(bool) => Simple("boolean"),
        _ when type == typeof(int) || type == typeof(long) => Simple("integer"),
        _ when type == typeof(double) => Simple("number"),
        _ when type == typeof(JsonElement) => Simple("object"),
        { IsGenericType: true, GenericTypeArguments: [_, var value] } => new() { ["type"] = "object", ["additionalProperties"] = Of(value) },
        { IsGenericType: true, GenericTypeArguments: [var item] } => new() { ["type"] = "array", ["items"] = Of(item) },
        _ => new() { ["$ref"] = $"#/components/schemas/{type.Name}" },
    };

    private static JsonObject Simple(string type, string? format = null) =>
        new JsonObject { ["type"] = type, ["format"] = format }.WithoutNulls();

    private static string Name(PropertyInfo property) => JsonNamingPolicy.CamelCase.ConvertName(property.Name);

    private static JsonObject WithoutNulls(this JsonObject json)
    {
        foreach (var name in json.Where(member => member.Value is null).Select(member => member.Key).ToList())
        {
            json.Remove(name);
        }

        return json;
    }
}
