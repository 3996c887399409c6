namespace ExecutionManager.Contracts.Messages;

/// <summary>What a device may do on its own.</summary>
public sealed record ContractScope
{
    /// <summary>Required: the allowed action types.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public IReadOnlyList<string>? ActionTypes { get; init; }

    /// <summary>GeoJSON Polygon in the contract's frame that the device stays in.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public JsonElement? Area { get; init; }

    /// <summary>No action starts before.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The device stands still afterwards.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>The lease: longest that the device may go on without a grant.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public TimeSpan? OfflineAllowance { get; init; }

    /// <summary>Default 10 s. Longest it takes to come to a safe stop, finishing an action included.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public TimeSpan? StopTime { get; init; }
}
