using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace ExecutionManager.Worker;

/// <summary>Where the next page starts: the key of the last item, opaque to callers, so new items move nothing.</summary>
internal static class Cursor
{
    private const int Longest = 200;

    public static string Write(string list, params object[] key) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{list} {string.Join(' ', key)}")));

    /// <summary>The parts of the key; empty without a cursor, null when it is none of this list.</summary>
    public static string[]? Read(string list, string? cursor, int parts)
    {
        if (string.IsNullOrEmpty(cursor))
        {
            return [];
        }

        if (cursor.Length > Longest || !Base64Url.IsValid(cursor))
        {
            return null;
        }

        var read = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)).Split(' ');
        return read.Length == parts + 1 && read[0] == list ? read[1..] : null;
    }

    /// <summary>The number of a cursor with one; 0 without a cursor, null when it is none of this list.</summary>
    public static long? Number(string list, string? cursor) => Read(list, cursor, 1) switch
    {
        [] => 0,
        [var text] when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };
}
