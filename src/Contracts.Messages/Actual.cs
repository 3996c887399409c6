namespace ExecutionManager.Contracts.Messages;

/// <summary>What is known of a contract's execution.</summary>
public sealed record Actual
{
    /// <summary>The newest evidence.</summary>
    [Wire]
    public required DateTimeOffset At { get; init; }

    /// <summary>Status of the contract on the device.</summary>
    [Wire]
    public required ExecutionStatus Status { get; init; }

    /// <summary>Of the whole plan by mean durations, 0..1.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public double? Progress { get; init; }

    /// <summary>By action id.</summary>
    [Wire]
    public required IReadOnlyDictionary<string, ActualAction> Actions { get; init; }

    /// <summary>Coordinates in the contract's frame.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public IReadOnlyList<double>? Position { get; init; }

    /// <summary>0..1.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public double? Battery { get; init; }
}
