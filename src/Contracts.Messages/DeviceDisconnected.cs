namespace ExecutionManager.Contracts.Messages;

/// <summary>Adapters → EM: a device's epoch is closed for good. A duplicate changes nothing.</summary>
public sealed record DeviceDisconnected
{
    /// <summary>The device.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The epoch that ended.</summary>
    public required long ConnectionEpoch { get; init; }

    /// <summary>Milliseconds since the device booted, suspend included; absent from a will.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public long? UptimeMs { get; init; }

    /// <summary>On the device's clock; absent from a will.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>When the adapter received it.</summary>
    [Wire]
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>How it ended.</summary>
    [Wire]
    public required DisconnectReason Reason { get; init; }
}
