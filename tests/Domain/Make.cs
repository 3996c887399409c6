using System.Text.Json;

namespace ExecutionManager.Domain.Tests;

/// <summary>Contracts and journals in one line each.</summary>
internal static class Make
{
    public static readonly DateTimeOffset T0 = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);

    public static DateTimeOffset At(double seconds) => T0.AddSeconds(seconds);

    public static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    public static JsonElement Json(string text) => JsonElement.Parse(text);

    public static PlannedAction Action(string id, double min = 40, double mode = 60, double max = 120, string type = "drive", bool idempotent = false) =>
        new(id, type, Json("{}"), null, new(Seconds(min), Seconds(mode), Seconds(max)), idempotent, null);

    public static Contract Contract(params PlannedAction[] actions) => new(
        Guid.Parse("0198f0c2-7c1e-7d3a-9a55-1b2f6b0a4c11"), "agv-17", new("T-4711", "deliver-pallet", 5, Json("{}")), "hall-3",
        actions, new(["drive", "pick", "drop"], null, null, null, Seconds(600), Seconds(10)), [], [], Tolerance.Default, 1, 1, 0);

    public static Contract Plan(params string[] ids) => Contract([.. ids.Select(id => Action(id))]);

    public static JournalEntry Entry(long seq, string type, string? actionId = null, double at = 0, int revision = 1, string? data = null) =>
        new(seq, revision, At(at), type, actionId, data is null ? null : Json(data));

    /// <summary>A journal in words: <c>accepted</c>, <c>+a1</c> started, <c>-a1</c> finished, <c>!a1</c> failed, <c>~a1</c> stopped; one second apart.</summary>
    public static JournalEntry[] Journal(string words, int revision = 1, long after = 0) =>
    [
        .. words.Split(' ').Select((word, i) => word[0] switch
        {
            '+' => Entry(after + i + 1, EntryTypes.ActionStarted, word[1..], after + i, revision),
            '-' => Entry(after + i + 1, EntryTypes.ActionFinished, word[1..], after + i, revision),
            '!' => Entry(after + i + 1, EntryTypes.ActionFailed, word[1..], after + i, revision),
            '~' => Entry(after + i + 1, EntryTypes.ActionStopped, word[1..], after + i, revision),
            _ => Entry(after + i + 1, word, null, after + i, revision),
        }),
    ];

    public static Execution Fold(this Execution execution, IEnumerable<JournalEntry> entries) =>
        entries.Aggregate(execution, (known, entry) => known.Apply(entry));

    public static Execution Executed(string words) => Execution.None.Fold(Journal(words));

    /// <summary>Comparable, and what a stored row must keep.</summary>
    public static string Stored<T>(T value) => JsonSerializer.Serialize(value, JsonSerializerOptions.Web);

    public static T Reloaded<T>(T value) => JsonSerializer.Deserialize<T>(Stored(value), JsonSerializerOptions.Web)!;
}
