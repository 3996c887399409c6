namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → Applications: a transition was committed. Ordered by <see cref="Version"/>; a duplicate has the same one.</summary>
public sealed record ContractStateChanged
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The device.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The task.</summary>
    public required string TaskId { get; init; }

    /// <summary>The state left; absent at submission.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public ContractStatus? From { get; init; }

    /// <summary>The state entered.</summary>
    [Wire]
    public required ContractStatus To { get; init; }

    /// <summary>When.</summary>
    [Wire]
    public required DateTimeOffset At { get; init; }

    /// <summary>Why.</summary>
    [Wire]
    public required TransitionCause Cause { get; init; }

    /// <summary>Of the contract, one more with each transition.</summary>
    public required long Version { get; init; }
}
