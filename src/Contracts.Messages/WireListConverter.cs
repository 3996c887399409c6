namespace ExecutionManager.Contracts.Messages;

/// <summary>A list whose elements have a form of their own on the wire.</summary>
internal sealed class WireListConverter<T> : JsonConverter<IReadOnlyList<T>>
{
    private readonly JsonConverter<T> element = (JsonConverter<T>)WireConverter.Create(typeof(T));

    public override IReadOnlyList<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("An array is needed here.");
        }

        var list = new List<T>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            list.Add(element.Read(ref reader, typeof(T), options)!);
        }

        return list;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<T> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var item in value)
        {
            element.Write(writer, item, options);
        }

        writer.WriteEndArray();
    }
}
