using System.Text.Json.Serialization;

namespace ExecutionManager.Worker;

internal sealed record Page<T>(
    IReadOnlyList<T> Items,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? NextCursor);

internal static class Page
{
    /// <summary>A page of rows of which one more than <paramref name="limit"/> was asked for.</summary>
    public static (List<T> Rows, string? Next) Cut<T>(List<T> rows, int limit, Func<T, string> cursor) =>
        rows.Count <= limit ? (rows, null) : (rows[..limit], cursor(rows[limit - 1]));
}
