using System.Globalization;
using System.Text.RegularExpressions;

namespace ExecutionManager.Contracts.Messages;

/// <summary>
/// RFC 3339 instants in UTC with <c>Z</c> (<c>2026-11-24T09:03:12Z</c>), written with a fraction only if it is not zero.
/// Another offset is refused. Fractions finer than 100 ns are cut off.
/// </summary>
public sealed partial class InstantConverter : JsonConverter<DateTimeOffset>
{
    private const string Form = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'";

    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
            ? Parse(reader.GetString()!)
            : throw new JsonException("An instant is a string such as \"2026-11-24T09:03:12Z\".");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Format(value));

    /// <summary>The instant that <paramref name="text"/> stands for, with offset zero.</summary>
    /// <exception cref="JsonException">It is none, or not in UTC.</exception>
    public static DateTimeOffset Parse(string text) =>
        Shape().Match(text) is { Success: true } match
        && DateTimeOffset.TryParseExact(
            match.Groups["ticks"].Value + "Z",
            Form,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var instant)
            ? instant
            : throw new JsonException($"'{text}' is no RFC 3339 instant in UTC, such as \"2026-11-24T09:03:12Z\".");

    /// <summary>The shortest text for <paramref name="value"/>.</summary>
    public static string Format(DateTimeOffset value) => value.UtcDateTime.ToString(Form, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?:(?<ticks>[^.]{19})|(?<ticks>[^.]{19}\.[0-9]{1,7})[0-9]*)Z\z")]
    private static partial Regex Shape();
}
