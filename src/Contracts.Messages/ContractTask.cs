namespace ExecutionManager.Contracts.Messages;

/// <summary>The task that a contract executes. At most one contract that is not terminal exists for a task.</summary>
public sealed record ContractTask
{
    /// <summary>Required.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? TaskId { get; init; }

    /// <summary>Required, for example <c>deliver-pallet</c>.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Type { get; init; }

    /// <summary>Default 0; higher goes first.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public int? Priority { get; init; }

    /// <summary>Free form object, default <c>{}</c>.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public JsonElement? Parameters { get; init; }
}
