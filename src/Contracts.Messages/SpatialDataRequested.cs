namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → Equator: data is needed before the push. A duplicate asks for the same and may be answered again.</summary>
public sealed record SpatialDataRequested
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>Comes back in the answer; another than the open one is ignored.</summary>
    public required Guid RequestId { get; init; }

    /// <summary>The data request's name.</summary>
    public required string Name { get; init; }

    /// <summary>The data request's query: a free form object.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public JsonElement? Query { get; init; }
}
