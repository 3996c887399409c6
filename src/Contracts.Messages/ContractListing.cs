namespace ExecutionManager.Contracts.Messages;

/// <summary>A contract as a device lists it when it connects.</summary>
public sealed record ContractListing
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The revision held.</summary>
    public required int Revision { get; init; }

    /// <summary>The snapshot's status.</summary>
    [Wire]
    public required ExecutionStatus Status { get; init; }

    /// <summary>The newest desire received.</summary>
    public required long IntentVersion { get; init; }

    /// <summary>The last seq of the journal, 0 if it is empty.</summary>
    public required long Tail { get; init; }

    /// <summary>Through which seq the EM has acknowledged, as the device remembers it.</summary>
    public required long AckedThrough { get; init; }
}
