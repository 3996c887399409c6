namespace ExecutionManager.Contracts.Messages;

/// <summary>One entry of a device's journal. <c>(contractId, seq)</c> is its identity; the same again changes nothing.</summary>
public sealed record JournalEntry
{
    /// <summary>Per contract, from 1, without gaps, across reboots and revisions.</summary>
    public required long Seq { get; init; }

    /// <summary>The revision that was being executed.</summary>
    public required int Revision { get; init; }

    /// <summary>On the device's clock.</summary>
    [Wire]
    public required DateTimeOffset At { get; init; }

    /// <summary>A string, since unknown types are stored and count for <see cref="Seq"/>, without effect.</summary>
    public required string Type { get; init; }

    /// <summary>The action it is about, if any.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? ActionId { get; init; }

    /// <summary>Free form object, by type.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public JsonElement? Data { get; init; }

    /// <summary>Whether the EM derived it by comparing snapshots. Default false.</summary>
    [JsonIgnore(Condition = WhenWritingDefault)]
    public bool Derived { get; init; }
}
