using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace ExecutionManager.Domain;

/// <summary>
/// What a contract's journal amounts to: its fold, entry by entry, small enough to be kept in the contract's row.
/// </summary>
/// <param name="Seq">Every entry through this one is applied or recorded as lost.</param>
/// <param name="Revision">The newest revision with evidence of acceptance here; 0 before any.</param>
/// <param name="AcceptedSeq">The entry that accepted this revision; 0 if it was not seen.</param>
/// <param name="At">The newest instant heard of.</param>
/// <param name="Status">How the whole stands.</param>
/// <param name="Executed">Every execution heard of, in order of its beginning; the oldest beyond <see cref="MaxExecuted"/> are forgotten.</param>
/// <param name="Position">The last one reported.</param>
/// <param name="PausedReason">Why it stands, while paused: self, hold, leaseEnd, reboot.</param>
/// <param name="Used">The data used under this revision.</param>
/// <param name="Lost">Ranges that never came.</param>
/// <param name="Clamped">An entry's time had to be clamped: time cannot be judged.</param>
/// <param name="EndedAt">When <c>completed</c> or <c>stopped</c> was written; null before.</param>
/// <param name="SnapshotAt">The newest snapshot taken in.</param>
public sealed partial record Execution(
    long Seq,
    int Revision,
    long AcceptedSeq,
    DateTimeOffset? At,
    ExecutionStatus Status,
    ImmutableArray<ActionRecord> Executed,
    IReadOnlyList<double>? Position,
    string? PausedReason,
    ImmutableArray<DataUse> Used,
    ImmutableArray<SeqRange> Lost,
    bool Clamped,
    DateTimeOffset? EndedAt,
    DateTimeOffset? SnapshotAt)
{
    /// <summary>How many executions are remembered at most: twice the longest plan.</summary>
    public const int MaxExecuted = 1000;

    /// <summary>Nothing heard of yet.</summary>
    public static Execution None { get; } = new(0, 0, 0, null, ExecutionStatus.Unknown, [], null, null, [], [], false, null, null);

    /// <summary>The newest execution of each action, by action id.</summary>
    [JsonIgnore]
    public IReadOnlyDictionary<string, ActionRecord> Actions =>
        Executed.GroupBy(record => record.ActionId).ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal);

    /// <summary>The action that was begun and is not ended; null if there is none.</summary>
    [JsonIgnore]
    public ActionRecord? Running => Executed.LastOrDefault(record => record.IsOpen);

    /// <summary>The journal ended with <c>completed</c>.</summary>
    [JsonIgnore]
    public bool IsCompleted => Status == ExecutionStatus.Completed;

    /// <summary>The journal ended, done or undone.</summary>
    [JsonIgnore]
    public bool IsEnded => EndedAt is not null;

    /// <summary>The newest execution of an action; null if it was never begun.</summary>
    public ActionRecord? Of(string actionId) => Executed.LastOrDefault(record => record.ActionId == actionId);
}
