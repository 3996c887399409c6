namespace ExecutionManager.Contracts.Messages;

/// <summary>
/// A dictionary by ids, which are case-sensitive: MassTransit's own converter would read "a1" and "A1" as the same key.
/// </summary>
internal sealed class WireDictionaryConverter<T> : JsonConverter<IReadOnlyDictionary<string, T>>
{
    public override IReadOnlyDictionary<string, T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("An object is needed here.");
        }

        var entries = new Dictionary<string, T>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            entries[key] = JsonSerializer.Deserialize<T>(ref reader, options)
                ?? throw new JsonException($"'{key}' must not be null.");
        }

        return entries;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, T> value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var (key, item) in value)
        {
            writer.WritePropertyName(key);
            JsonSerializer.Serialize(writer, item, options);
        }

        writer.WriteEndObject();
    }
}
