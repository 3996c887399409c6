namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → Scheduler: the assigned contract is committed. Sent again for the same assignment.</summary>
public sealed record TaskAccepted
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>Its task.</summary>
    public required string TaskId { get; init; }
}
