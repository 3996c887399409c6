namespace ExecutionManager.Contracts.Messages;

/// <summary>The latest telemetry of one device, or of one contract on it. Ordered by epoch, then uptime.</summary>
public sealed record TelemetrySample
{
    /// <summary>The contract it is about; absent in a heartbeat.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public Guid? ContractId { get; init; }

    /// <summary>The device.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The device's connection epoch.</summary>
    public required long ConnectionEpoch { get; init; }

    /// <summary>Milliseconds since the device booted, suspend included.</summary>
    public required long UptimeMs { get; init; }

    /// <summary>When it was measured, on the device's clock.</summary>
    [Wire]
    public required DateTimeOffset At { get; init; }

    /// <summary>When it was sent, on the device's clock; with <see cref="ReceivedAt"/> it converts <see cref="At"/>.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>When the adapter received it.</summary>
    [Wire]
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The running action.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? ActionId { get; init; }

    /// <summary>Progress of that action, 0..1.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public double? Progress { get; init; }

    /// <summary>Coordinates in the contract's frame.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public IReadOnlyList<double>? Position { get; init; }

    /// <summary>0..1.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public double? Battery { get; init; }

    /// <summary>Free form object.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public JsonElement? Values { get; init; }
}
