namespace ExecutionManager.Contracts.Messages;

/// <summary>Scheduler, operators → EM: end the contract. Possible in every state that is not terminal; a duplicate changes nothing.</summary>
public sealed record CancelContract
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>Who asks; recorded, not proven.</summary>
    public required string RequestedBy { get; init; }
}
