using System.Globalization;

namespace ExecutionManager.Neighbours;

/// <summary>Attempts from first to last, both included; written <c>2</c>, <c>1-2</c> or <c>3+</c>.</summary>
internal readonly record struct AttemptRange(int First, int Last)
{
    public bool Contains(int attempt) => First <= attempt && attempt <= Last;

    /// <exception cref="FormatException">The text is no range.</exception>
    public static AttemptRange Parse(string text)
    {
        var range = text.EndsWith('+') ? new(Number(text[..^1]), int.MaxValue)
            : text.Split('-') is [var first, var last] ? new AttemptRange(Number(first), Number(last))
            : new(Number(text), Number(text));
        return range.First is > 0 && range.First <= range.Last ? range : throw new FormatException($"'{text}' is no range of attempts such as 1, 1-2 or 3+");
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
