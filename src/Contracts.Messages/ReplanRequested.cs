namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → Planner: the plan does not fit what happened. A duplicate has the same <see cref="ReplanId"/>.</summary>
public sealed record ReplanRequested
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>Comes back in the answer; another than the open one is ignored.</summary>
    public required Guid ReplanId { get; init; }

    /// <summary>The revision in force.</summary>
    public required int Revision { get; init; }

    /// <summary>Why.</summary>
    [Wire]
    public required ReplanReason Reason { get; init; }

    /// <summary>The reconciliation that led here; if none did, what is executed against the plan, without a projection.</summary>
    public required DivergenceReport Report { get; init; }

    /// <summary>What is known of the execution; absent before acceptance.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public Actual? Actual { get; init; }

    /// <summary>The actions not known to be finished.</summary>
    public required IReadOnlyList<PlannedAction> RemainingActions { get; init; }

    /// <summary>The contract without the contents of its data.</summary>
    public required ContractDocument Contract { get; init; }

    /// <summary>An answer after it is ignored.</summary>
    [Wire]
    public required DateTimeOffset Deadline { get; init; }
}
