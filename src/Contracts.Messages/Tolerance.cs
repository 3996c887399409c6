namespace ExecutionManager.Contracts.Messages;

/// <summary>Up to here divergence is minor.</summary>
public sealed record Tolerance
{
    /// <summary>Default 30 s.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public TimeSpan? Schedule { get; init; }

    /// <summary>Metres, default 5.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public double? Position { get; init; }

    /// <summary>0..1, default 1.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public double? MinFitness { get; init; }
}
