namespace ExecutionManager.Contracts.Messages;

/// <summary>A recovery decision that the EM could not carry out.</summary>
public sealed record RefusedDecision
{
    /// <summary>What had been decided.</summary>
    [Wire]
    public required RecoveryStrategy Strategy { get; init; }

    /// <summary>The guard that failed.</summary>
    public required string Reason { get; init; }
}
