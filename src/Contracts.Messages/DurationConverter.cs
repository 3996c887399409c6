using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml;

namespace ExecutionManager.Contracts.Messages;

/// <summary>
/// ISO 8601 durations of days and smaller, never negative (<c>PT30S</c>, <c>P1DT2H</c>, <c>PT0.5S</c>). Years, months and
/// weeks are refused: the first two have no fixed length. Fractions finer than 100 ns are cut off.
/// </summary>
public sealed partial class DurationConverter : JsonConverter<TimeSpan>
{
    /// <inheritdoc/>
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
            ? Parse(reader.GetString()!)
            : throw new JsonException("A duration is a string such as \"PT30S\".");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Format(value));

    /// <summary>The duration that <paramref name="text"/> stands for.</summary>
    /// <exception cref="JsonException">It is none, negative, or out of range.</exception>
    public static TimeSpan Parse(string text)
    {
        var match = Pattern().Match(text);
        if (!match.Success)
        {
            throw new JsonException(Complaint(text));
        }

        var ticks = Ticks("d", TimeSpan.TicksPerDay) + Ticks("h", TimeSpan.TicksPerHour)
            + Ticks("m", TimeSpan.TicksPerMinute) + Ticks("s", TimeSpan.TicksPerSecond);
        return ticks <= long.MaxValue
            ? new TimeSpan((long)ticks)
            : throw new JsonException($"'{text}' is longer than a duration can be.");

        decimal Ticks(string part, long unit)
        {
            var group = match.Groups[part];
            return group.Success
                ? decimal.Parse(group.ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) * unit
                : 0;
        }
    }

    /// <summary>The shortest text for <paramref name="value"/>.</summary>
    /// <exception cref="JsonException">It is negative.</exception>
    public static string Format(TimeSpan value) => value >= TimeSpan.Zero
        ? XmlConvert.ToString(value)
        : throw new JsonException($"A duration is never negative, and this one is {value:c}.");

    private static string Complaint(string text) => text switch
    {
        ['-', ..] => $"'{text}' is negative; a duration never is.",
        ['P', .. var rest] when rest.Split('T')[0].AsSpan().ContainsAny("YMW") =>
            $"'{text}' has years, months or weeks; durations use days and smaller only.",
        _ => $"'{text}' is no ISO 8601 duration of days and smaller, such as \"PT30S\" or \"P1DT2H\".",
    };

    // At most 15 digits, so that the sum fits a decimal.
    [GeneratedRegex(@"^P(?=.*[0-9])(?:(?<d>[0-9]{1,15})D)?(?:T(?=[0-9])(?:(?<h>[0-9]{1,15})H)?(?:(?<m>[0-9]{1,15})M)?(?:(?<s>[0-9]{1,15}(?:\.[0-9]{1,15})?)S)?)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
