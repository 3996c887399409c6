namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → adapters: entries are committed without gaps, the device may forget them. A lower one changes nothing.</summary>
public sealed record AcknowledgeJournal
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The device.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The last committed seq, inclusive.</summary>
    public required long ThroughSeq { get; init; }

    /// <summary>Whether the contract is terminal in the EM, so that the device may forget it.</summary>
    public required bool Closed { get; init; }
}
