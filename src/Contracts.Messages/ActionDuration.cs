namespace ExecutionManager.Contracts.Messages;

/// <summary>Three-point estimate of an action's duration: 0 &lt; min &lt;= mode &lt;= max.</summary>
public sealed record ActionDuration
{
    /// <summary>Required: the shortest possible.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public TimeSpan? Min { get; init; }

    /// <summary>Required: the most likely.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public TimeSpan? Mode { get; init; }

    /// <summary>Required: the longest possible.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public TimeSpan? Max { get; init; }
}
