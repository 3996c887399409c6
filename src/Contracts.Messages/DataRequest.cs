namespace ExecutionManager.Contracts.Messages;

/// <summary>Data that the EM fetches before it pushes a contract.</summary>
public sealed record DataRequest
{
    /// <summary>Required, unique among data and data requests.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>Required, for example <c>equator</c>.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Source { get; init; }

    /// <summary>Free form object, understood by the source.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public JsonElement? Query { get; init; }
}
