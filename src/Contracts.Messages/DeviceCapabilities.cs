namespace ExecutionManager.Contracts.Messages;

/// <summary>What a device can do for the EM.</summary>
public sealed record DeviceCapabilities
{
    /// <summary>How it proves what it did.</summary>
    [Wire]
    public required EvidenceKind Evidence { get; init; }

    /// <summary>Whether it stops at the end of its lease.</summary>
    [Wire]
    public required LeaseKind Lease { get; init; }
}
