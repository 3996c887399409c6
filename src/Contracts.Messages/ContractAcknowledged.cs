namespace ExecutionManager.Contracts.Messages;

/// <summary>Adapters → EM: a device's answer to a push. The device repeats it when the same content is pushed again.</summary>
public sealed record ContractAcknowledged
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

    /// <summary>The revision that was pushed.</summary>
    public required int Revision { get; init; }

    /// <summary>The hash that was pushed.</summary>
    public required string ContentHash { get; init; }

    /// <summary>Whether the device holds it now.</summary>
    public required bool Accepted { get; init; }

    /// <summary>
    /// Why not: wrongEpoch, conflict, outdated, superseded, fenced, ended, unsupportedAction, scopeUnsupported,
    /// dataInvalid, busy, tooLarge, other. A string, since a device may know more.
    /// </summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? ReasonCode { get; init; }

    /// <summary>For people.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Detail { get; init; }
}
