namespace ExecutionManager.Contracts.Messages;

/// <summary>Adapters → EM: a device's answer to a desire. An older <see cref="IntentVersion"/> means nothing any more.</summary>
public sealed record DesiredAcknowledged
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

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

    /// <summary>The desire answered.</summary>
    public required long IntentVersion { get; init; }

    /// <summary>Whether it was obeyed.</summary>
    [Wire]
    public required DesiredResult Result { get; init; }

    /// <summary>For people.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Detail { get; init; }
}
