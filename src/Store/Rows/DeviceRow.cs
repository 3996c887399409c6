using ExecutionManager.Domain;

namespace ExecutionManager.Store;

/// <summary>One device's connection. Sagas read it under a shared lock; what changes with every message lies in <see cref="ContactRow"/>.</summary>
public sealed class DeviceRow
{
    public required string DeviceId { get; init; }

    /// <summary>Null until the device is heard of for the first time.</summary>
    public long? Epoch { get; set; }
    public bool Closed { get; set; }
    public bool Connected { get; set; }
    public bool Stale { get; set; }
    public DateTimeOffset ChangedAt { get; set; }
    public DateTimeOffset? LostAt { get; set; }
    public LossReason? LossReason { get; set; }
    public TimeSpan? ReportInterval { get; set; }
    public EvidenceCapability Evidence { get; set; }
    public LeaseCapability Lease { get; set; }

    /// <summary>What the contracts were told last, after the grace.</summary>
    public bool Announced { get; set; }

    /// <summary>Counts the announcements, so that the contracts need no order of delivery.</summary>
    public long Change { get; set; }

    public Connection? Connection
    {
        get => Epoch is { } epoch
            ? new Connection(epoch, Closed, Connected, Stale, ChangedAt, LostAt, LossReason, ReportInterval, Evidence, Lease)
            : null;
        set
        {
            if (value is null)
            {
                return;
            }

            (Epoch, Closed, Connected, Stale) = (value.Epoch, value.Closed, value.Connected, value.Stale);
            (ChangedAt, LostAt, LossReason, ReportInterval) = (value.ChangedAt, value.LostAt, value.LossReason, value.ReportInterval);
            (Evidence, Lease) = (value.Evidence, value.Lease);
        }
    }
}
