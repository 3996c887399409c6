namespace ExecutionManager.Contracts.Messages;

/// <summary>What is known of one action.</summary>
public sealed record ActualAction
{
    /// <summary>Its status.</summary>
    [Wire]
    public required ActionStatus Status { get; init; }

    /// <summary>0..1.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public double? Progress { get; init; }

    /// <summary>When it started.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public DateTimeOffset? EndedAt { get; init; }
}
