namespace ExecutionManager.Contracts.Messages;

/// <summary>Equator → EM: the data cannot be had. Ignored unless it answers the open request.</summary>
public sealed record SpatialDataUnavailable
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The request answered.</summary>
    public required Guid RequestId { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }
}
