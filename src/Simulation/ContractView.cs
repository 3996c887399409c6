namespace ExecutionManager.Simulation;

/// <summary>The truth about a contract on a device, for who checks what others make of it.</summary>
/// <param name="LeaseEndsAt">In true time; null without a grant since boot.</param>
/// <param name="StopTime">The longest a safe stop may take after the lease end.</param>
/// <param name="Journal">Every entry ever, also the acknowledged ones.</param>
public sealed record ContractView(
    string ContractId,
    string TaskId,
    long FencingToken,
    long Revision,
    string ContentHash,
    ContractStatus Status,
    string Intent,
    long IntentVersion,
    DateTimeOffset? LeaseEndsAt,
    TimeSpan StopTime,
    string? RunningActionId,
    double? Progress,
    bool IsStandingStill,
    IReadOnlyList<JournalEntry> Journal,
    long AckedThrough);
