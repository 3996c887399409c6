namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → Applications: a terminal state was committed. Once for each contract; a duplicate is the same.</summary>
public sealed record ContractEnded
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The device.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The task.</summary>
    public required string TaskId { get; init; }

    /// <summary>How it ended.</summary>
    public required Outcome Outcome { get; init; }

    /// <summary>Of the contract, as in <see cref="ContractStateChanged"/>.</summary>
    public required long Version { get; init; }
}
