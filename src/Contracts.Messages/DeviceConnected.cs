namespace ExecutionManager.Contracts.Messages;

/// <summary>Adapters → EM: a device's birth. A duplicate, or one of an older epoch, opens nothing.</summary>
public sealed record DeviceConnected
{
    /// <summary>The device.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The device's connection epoch.</summary>
    public required long ConnectionEpoch { get; init; }

    /// <summary>Milliseconds since the device booted, suspend included.</summary>
    public required long UptimeMs { get; init; }

    /// <summary>On the device's clock.</summary>
    [Wire]
    public required DateTimeOffset SentAt { get; init; }

    /// <summary>When the adapter received it.</summary>
    [Wire]
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The device sends something at least this often.</summary>
    [Wire]
    public required TimeSpan ReportInterval { get; init; }

    /// <summary>What the device can do.</summary>
    public required DeviceCapabilities Capabilities { get; init; }

    /// <summary>The contracts it holds.</summary>
    public required IReadOnlyList<ContractListing> Contracts { get; init; }

    /// <summary>Whether the broker had kept it: a retained birth confirms no connectivity.</summary>
    public bool Retained { get; init; }
}
