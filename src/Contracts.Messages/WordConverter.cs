namespace ExecutionManager.Contracts.Messages;

/// <summary>Enums as camelCase words, exactly as written; another word or a number is refused, naming the allowed ones.</summary>
public sealed class WordConverter<T> : JsonConverter<T>
    where T : struct, Enum
{
    private static readonly Dictionary<string, T> Values =
        Enum.GetValues<T>().ToDictionary(value => JsonNamingPolicy.CamelCase.ConvertName(value.ToString()));

    private static readonly Dictionary<T, string> Words = Values.ToDictionary(pair => pair.Value, pair => pair.Key);

    /// <inheritdoc/>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
            ? Parse(reader.GetString()!)
            : throw new JsonException($"One of these words is needed: {string.Join(", ", Values.Keys)}.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Format(value));

    /// <summary>The value that <paramref name="word"/> stands for.</summary>
    /// <exception cref="JsonException">It is not one of the words.</exception>
    public static T Parse(string word) => Values.TryGetValue(word, out var value)
        ? value
        : throw new JsonException($"'{word}' is not one of: {string.Join(", ", Values.Keys)}.");

    /// <summary>The word for <paramref name="value"/>.</summary>
    public static string Format(T value) => Words[value];
}
