using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml;

namespace ExecutionManager.Domain;

/// <summary>ISO 8601 durations of a fixed length.</summary>
internal static partial class IsoDuration
{
    public static string Write(TimeSpan span) => XmlConvert.ToString(span);

    /// <summary>The duration, or why there is none.</summary>
    public static (TimeSpan? Span, string? Reason) Read(string text)
    {
        if (text.Length <= 64 && Calendar().IsMatch(text))
        {
            return (null, "must not use years, months or weeks: their length varies");
        }
        if (text.Length > 64 || Fixed().Match(text) is not { Success: true } match)
        {
            return (null, "must be an ISO 8601 duration such as PT1M30S");
        }
        var seconds = Part(match, "d") * 86_400 + Part(match, "h") * 3_600 + Part(match, "m") * 60 + Part(match, "s");
        return seconds <= (decimal)TimeSpan.MaxValue.TotalSeconds - 1
            ? (TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond)), null)
            : (null, "is too long");
    }

    private static decimal Part(Match match, string name) =>
        match.Groups[name] is { Success: true } group ? decimal.Parse(group.Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"^P(?=\d|T\d)(?:(?<d>\d{1,9})D)?(?:T(?=\d)(?:(?<h>\d{1,9})H)?(?:(?<m>\d{1,9})M)?(?:(?<s>\d{1,12}(?:\.\d{1,9})?)S)?)?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Fixed();

    [GeneratedRegex(@"^P\d[\d.]*(Y|M|W|\d+D.*[YMW])", RegexOptions.ExplicitCapture)]
    private static partial Regex Calendar();
}
