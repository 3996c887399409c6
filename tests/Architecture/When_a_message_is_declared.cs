using System.Reflection;
using System.Text.Json.Serialization;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Architecture.Tests;

[TestFixtureSource(typeof(MessageTypes), nameof(MessageTypes.Records))]
public sealed class When_a_message_is_declared(Type record)
{
    [Test]
    public void Should_be_sealed_without_a_base_since_bases_become_messages() =>
        Assert.That(record, Has.Property(nameof(Type.IsSealed)).True.And.Property(nameof(Type.BaseType)).EqualTo(typeof(object)));

    [Test]
    public void Should_be_immutable() =>
        Assert.That(MessageTypes.Properties(record).Where(property => !IsInit(property)), Is.Empty);

    [Test]
    public void Should_say_the_form_of_values_under_any_serializer() =>
        Assert.That(
            MessageTypes.Properties(record).Where(NeedsForm).Where(property => !property.IsDefined(typeof(WireAttribute))),
            Is.Empty);

    [Test]
    public void Should_say_what_becomes_of_null() =>
        Assert.That(
            MessageTypes.Properties(record).Where(IsNullable).Where(property =>
                property.GetCustomAttribute<JsonIgnoreAttribute>() is not { Condition: JsonIgnoreCondition.WhenWritingNull or JsonIgnoreCondition.Never }),
            Is.Empty);

    private static bool IsInit(PropertyInfo property) => property.SetMethod is { } set
        && set.ReturnParameter.GetRequiredCustomModifiers().Any(modifier => modifier.Name == "IsExternalInit");

    private static bool NeedsForm(PropertyInfo property)
    {
        var type = MessageTypes.Plain(property.PropertyType);
        return HasForm(type)
            || (type.IsGenericType && (type.Name.StartsWith("IReadOnlyDictionary", StringComparison.Ordinal) || HasForm(type.GenericTypeArguments[0])));
    }

    private static bool HasForm(Type type) => type.IsEnum || type == typeof(TimeSpan) || type == typeof(DateTimeOffset);

    private static bool IsNullable(PropertyInfo property) =>
        new NullabilityInfoContext().Create(property).ReadState == NullabilityState.Nullable;
}
