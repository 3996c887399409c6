namespace ExecutionManager.Contracts.Messages;

/// <summary>Equator → EM: requested data. Ignored unless it answers the open request.</summary>
public sealed record SpatialDataProvided
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The request answered.</summary>
    public required Guid RequestId { get; init; }

    /// <summary>For example <c>application/geo+json</c>.</summary>
    public required string MediaType { get; init; }

    /// <summary>Base64.</summary>
    public required string Content { get; init; }

    /// <summary>64 hex digits over the decoded bytes.</summary>
    public required string Sha256 { get; init; }
}
