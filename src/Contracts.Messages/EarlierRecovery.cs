namespace ExecutionManager.Contracts.Messages;

/// <summary>An earlier recovery of the same contract.</summary>
public sealed record EarlierRecovery
{
    /// <summary>The request it answered.</summary>
    public required Guid RecoveryId { get; init; }

    /// <summary>What had failed.</summary>
    [Wire]
    public required FailureKind Failure { get; init; }

    /// <summary>What was decided; absent if no usable decision came.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public RecoveryStrategy? Strategy { get; init; }

    /// <summary>When it was decided, or given up.</summary>
    [Wire]
    public required DateTimeOffset At { get; init; }
}
