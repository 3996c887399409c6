namespace ExecutionManager.Contracts.Messages;

/// <summary>Divergence of flow: 1 − fitness of the executed actions against the plan.</summary>
public sealed record FlowDivergence
{
    /// <summary>0..1, null if it cannot be taken.</summary>
    [JsonIgnore(Condition = Never)]
    public double? Value { get; init; }

    /// <summary>0..1.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public double? Fitness { get; init; }

    /// <summary>Why there is no value.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Why { get; init; }
}
