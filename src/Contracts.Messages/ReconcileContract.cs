namespace ExecutionManager.Contracts.Messages;

/// <summary>Scheduler, operators → EM: ask a connected device for its actuals and reconcile with them.</summary>
public sealed record ReconcileContract
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>Who asks; recorded, not proven.</summary>
    public required string RequestedBy { get; init; }
}
