namespace ExecutionManager.Contracts.Messages;

/// <summary>One action of a plan.</summary>
public sealed record PlannedAction
{
    /// <summary>Required, unique in the contract, never used for a second execution.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? ActionId { get; init; }

    /// <summary>Required, one of the scope's action types.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? ActionType { get; init; }

    /// <summary>Free form object, default <c>{}</c>.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public JsonElement? Parameters { get; init; }

    /// <summary>The action id that this one repeats, if any.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? RetryOf { get; init; }

    /// <summary>How long it takes.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public ActionDuration? Duration { get; init; }

    /// <summary>Default false. Whether doing it twice does no harm.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public bool? Idempotent { get; init; }

    /// <summary>GeoJSON LineString in the contract's frame.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public JsonElement? Path { get; init; }
}
