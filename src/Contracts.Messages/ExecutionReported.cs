namespace ExecutionManager.Contracts.Messages;

/// <summary>
/// Adapters → EM: part of a device's journal. Entries count whatever their epoch and are applied once, in order of seq,
/// however often and in whatever pieces they come.
/// </summary>
public sealed record ExecutionReported
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

    /// <summary>At most 100, oldest first.</summary>
    public required IReadOnlyList<JournalEntry> Entries { get; init; }

    /// <summary>The last seq of the whole journal when this was sent, 0 if it is empty.</summary>
    public required long Tail { get; init; }

    /// <summary>The current picture, with the message that reaches the tail.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public DeviceSnapshot? Snapshot { get; init; }

    /// <summary>The <see cref="RequestReport"/> it answers.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public Guid? ReportId { get; init; }
}
