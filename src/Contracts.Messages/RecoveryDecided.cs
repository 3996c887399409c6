namespace ExecutionManager.Contracts.Messages;

/// <summary>Policy Service → EM: what to do. Recorded and ignored unless it answers the open request.</summary>
public sealed record RecoveryDecided
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The request answered.</summary>
    public required Guid RecoveryId { get; init; }

    /// <summary>What to do.</summary>
    [Wire]
    public required RecoveryStrategy Strategy { get; init; }

    /// <summary>How long to wait before a retry; default none.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public TimeSpan? Delay { get; init; }

    /// <summary>What a retry repeats; default the remaining actions.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public RetryFrom? From { get; init; }

    /// <summary>Whether unconfirmed actions may be done twice; absent means false.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public bool? MayRepeat { get; init; }

    /// <summary>Devices that a reassignment must not use.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public IReadOnlyList<string>? ExcludeDevices { get; init; }

    /// <summary>When a hold ends by itself.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public DateTimeOffset? Until { get; init; }

    /// <summary>Of an escalation; a word of the Policy Service's own.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Severity { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }
}
