namespace ExecutionManager.Domain;

/// <summary>What a device says of a contract at one instant.</summary>
/// <param name="At">When, on our clock.</param>
/// <param name="Status">Of the whole.</param>
/// <param name="Revision">The revision it has.</param>
/// <param name="IntentVersion">The newest intent it knows.</param>
/// <param name="Actions">By action id; an action that is not there is not known.</param>
/// <param name="Position">In the contract's frame.</param>
public sealed record Snapshot(
    DateTimeOffset At,
    ExecutionStatus Status,
    int Revision,
    long IntentVersion,
    IReadOnlyDictionary<string, SnapshotAction> Actions,
    IReadOnlyList<double>? Position = null);
