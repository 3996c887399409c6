namespace ExecutionManager.Contracts.Messages;

/// <summary>Data that travels with a contract.</summary>
public sealed record DataItem
{
    /// <summary>Required, unique among data and data requests.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>Required media type.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? MediaType { get; init; }

    /// <summary>Required: 64 hex digits over the decoded bytes.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Sha256 { get; init; }

    /// <summary>Base64. Absent where a contract is shown to Policy Service or Planner.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Content { get; init; }
}
