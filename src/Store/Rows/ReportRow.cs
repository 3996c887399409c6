namespace ExecutionManager.Store;

/// <summary>One reconciliation: what was found, and the projection it was compared with.</summary>
public sealed class ReportRow
{
    public required Guid ReconciliationId { get; init; }
    public required Guid ContractId { get; init; }
    public required DateTimeOffset RequestedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; set; }

    /// <summary>pending, done or failed.</summary>
    public required string Status { get; set; }
    public string? Report { get; set; }
    public string? Frozen { get; set; }
}
