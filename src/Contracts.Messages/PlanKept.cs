namespace ExecutionManager.Contracts.Messages;

/// <summary>Planner → EM: the plan still fits. Recorded and ignored unless it answers the open request.</summary>
public sealed record PlanKept
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The request answered.</summary>
    public required Guid ReplanId { get; init; }
}
