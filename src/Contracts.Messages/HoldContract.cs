namespace ExecutionManager.Contracts.Messages;

/// <summary>Scheduler, operators → EM: hold the contract. For a held one it changes <see cref="Until"/>.</summary>
public sealed record HoldContract
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>Who asks; recorded, not proven.</summary>
    public required string RequestedBy { get; init; }

    /// <summary>When the hold ends by itself; without it, at a resume.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public DateTimeOffset? Until { get; init; }
}
