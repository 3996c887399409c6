namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → adapters: ask a device for its journal and a snapshot. A duplicate is answered again.</summary>
public sealed record RequestReport
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The device.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The epoch it is meant for; the device refuses another.</summary>
    public required long ConnectionEpoch { get; init; }

    /// <summary>Comes back in the answer.</summary>
    public required Guid ReportId { get; init; }

    /// <summary>The first entry wanted, from 1.</summary>
    public required long FromSeq { get; init; }
}
