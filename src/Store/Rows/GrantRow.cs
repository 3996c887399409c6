namespace ExecutionManager.Store;

/// <summary>The lease of a contract: its newest grant, and the bound over all grants ever committed.</summary>
public sealed class GrantRow
{
    public required Guid ContractId { get; init; }
    public long Epoch { get; set; }
    public long AsOf { get; set; }
    public DateTimeOffset EndsAt { get; set; }
    public DateTimeOffset RenewAt { get; set; }
    public TimeSpan ValidFor { get; set; }
    public TimeSpan StopTime { get; set; }

    /// <summary>Never falls.</summary>
    public DateTimeOffset SafeToReassignAt { get; set; }
}
