namespace ExecutionManager.Contracts.Messages;

/// <summary>The result of a reconciliation: what was executed against what had been projected.</summary>
public sealed record DivergenceReport
{
    /// <summary>The verdict.</summary>
    [Wire]
    public required DivergenceLevel Level { get; init; }

    /// <summary>The largest measure; absent where all that could be taken are zero.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public DivergenceMeasure? Dominant { get; init; }

    /// <summary>What was executed, in which order.</summary>
    public required FlowDivergence Flow { get; init; }

    /// <summary>When actions ended.</summary>
    public required TimeDivergence Time { get; init; }

    /// <summary>Where the device is.</summary>
    public required SpaceDivergence Space { get; init; }

    /// <summary>Which data was used.</summary>
    public required DataDivergence Data { get; init; }

    /// <summary>Journal entries that were given up.</summary>
    public required IReadOnlyList<SeqRange> Lost { get; init; }

    /// <summary>How long the projection had shown something else than what was.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public TimeSpan? IncorrectFor { get; init; }

    /// <summary>For people.</summary>
    public required string Summary { get; init; }

    /// <summary>The instant that was judged.</summary>
    [Wire]
    public required DateTimeOffset At { get; init; }
}
