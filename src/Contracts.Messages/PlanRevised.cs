namespace ExecutionManager.Contracts.Messages;

/// <summary>Planner → EM: a new plan. Recorded and ignored unless it answers the open request.</summary>
public sealed record PlanRevised
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The request answered.</summary>
    public required Guid ReplanId { get; init; }

    /// <summary>The full remaining plan; without actions nothing is left to do.</summary>
    public required IReadOnlyList<PlannedAction> Actions { get; init; }

    /// <summary>A new scope; null keeps the old one.</summary>
    [JsonIgnore(Condition = Never)]
    public ContractScope? Scope { get; init; }

    /// <summary>For people.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Reason { get; init; }
}
