namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → Applications: reported progress, at most one a second and contract. Never an estimate; ordered by <see cref="At"/>.</summary>
public sealed record ContractProgressed
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The device.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The task.</summary>
    public required string TaskId { get; init; }

    /// <summary>Of the whole plan by mean durations, 0..1.</summary>
    public required double Progress { get; init; }

    /// <summary>How far it may be trusted.</summary>
    [Wire]
    public required Certainty Certainty { get; init; }

    /// <summary>The evidence's instant.</summary>
    [Wire]
    public required DateTimeOffset At { get; init; }
}
