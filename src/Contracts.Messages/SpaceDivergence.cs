namespace ExecutionManager.Contracts.Messages;

/// <summary>Divergence of space: distance beyond the projected region, relative to the tolerance.</summary>
public sealed record SpaceDivergence
{
    /// <summary>0..1, null if it cannot be taken.</summary>
    [JsonIgnore(Condition = Never)]
    public double? Value { get; init; }

    /// <summary>Why there is no value.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Why { get; init; }
}
