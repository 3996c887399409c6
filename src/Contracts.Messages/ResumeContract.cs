namespace ExecutionManager.Contracts.Messages;

/// <summary>Scheduler, operators → EM: end a hold. Without effect on a contract that is not held.</summary>
public sealed record ResumeContract
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>Who asks; recorded, not proven.</summary>
    public required string RequestedBy { get; init; }
}
