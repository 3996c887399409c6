namespace ExecutionManager.Contracts.Messages;

/// <summary>Divergence of time: the action whose end is furthest from its projected band.</summary>
public sealed record TimeDivergence
{
    /// <summary>0..1, null if it cannot be taken.</summary>
    [JsonIgnore(Condition = Never)]
    public double? Value { get; init; }

    /// <summary>How far outside the band, early or late.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public TimeSpan? Deviation { get; init; }

    /// <summary>The action.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Action { get; init; }

    /// <summary>The projected band of its end: two instants, q05 and q95.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public IReadOnlyList<DateTimeOffset>? Expected { get; init; }

    /// <summary>Its actual end.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public DateTimeOffset? Actual { get; init; }

    /// <summary>Why there is no value.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Why { get; init; }
}
