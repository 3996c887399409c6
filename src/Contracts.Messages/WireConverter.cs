namespace ExecutionManager.Contracts.Messages;

/// <summary>
/// The wire's form of durations (<see cref="DurationConverter"/>), instants (<see cref="InstantConverter"/>) and enums
/// (<see cref="WordConverter{T}"/>). On a property it also covers lists of these, and dictionaries by string, whose
/// keys stay case-sensitive. Malformed values are a <see cref="JsonException"/> that says what is allowed.
/// </summary>
public sealed class WireConverter : JsonConverterFactory
{
    /// <inheritdoc/>
    public override bool CanConvert(Type typeToConvert) =>
        typeToConvert == typeof(TimeSpan) || typeToConvert == typeof(DateTimeOffset) || typeToConvert.IsEnum;

    /// <inheritdoc/>
    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) => Create(typeToConvert);

    internal static JsonConverter Create(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (plain == typeof(TimeSpan))
        {
            return new DurationConverter();
        }

        if (plain == typeof(DateTimeOffset))
        {
            return new InstantConverter();
        }

        var (generic, argument) = plain switch
        {
            { IsEnum: true } => (typeof(WordConverter<>), plain),
            { IsGenericType: true } when plain.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) =>
                (typeof(WireListConverter<>), plain.GenericTypeArguments[0]),
            { IsGenericType: true } when plain.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>) =>
                (typeof(WireDictionaryConverter<>), plain.GenericTypeArguments[1]),
            _ => throw new InvalidOperationException($"The wire has no form of its own for {type}."),
        };
        return (JsonConverter)Activator.CreateInstance(generic.MakeGenericType(argument))!;
    }
}
