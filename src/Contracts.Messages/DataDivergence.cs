namespace ExecutionManager.Contracts.Messages;

/// <summary>Divergence of data: 1 if an action used other data than the contract's, else 0.</summary>
public sealed record DataDivergence
{
    /// <summary>0 or 1, null if it cannot be taken.</summary>
    [JsonIgnore(Condition = Never)]
    public double? Value { get; init; }

    /// <summary>Why there is no value.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Why { get; init; }
}
