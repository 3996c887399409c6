namespace ExecutionManager.Contracts.Messages;

/// <summary>Planner → EM: no plan was found. Recorded and ignored unless it answers the open request.</summary>
public sealed record ReplanFailed
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The request answered.</summary>
    public required Guid ReplanId { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }
}
