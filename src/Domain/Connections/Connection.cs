namespace ExecutionManager.Domain;

/// <summary>What is known of a device's connection.</summary>
/// <param name="Epoch">The highest epoch heard of.</param>
/// <param name="Closed">That epoch is over for good.</param>
/// <param name="Connected">It is open, was heard in it and is not silent.</param>
/// <param name="Stale">It is open and silent for too long.</param>
/// <param name="ChangedAt">When <paramref name="Connected"/> or the connected epoch last changed.</param>
/// <param name="LostAt">When the loss was first learned of; null while connected.</param>
/// <param name="LossReason">How it was lost; null while connected.</param>
/// <param name="ReportInterval">It sends at least this often; null before any birth.</param>
/// <param name="Evidence">How it tells what happened.</param>
/// <param name="Lease">Whether it stops by itself.</param>
public sealed record Connection(
    long Epoch,
    bool Closed,
    bool Connected,
    bool Stale,
    DateTimeOffset ChangedAt,
    DateTimeOffset? LostAt,
    LossReason? LossReason,
    TimeSpan? ReportInterval,
    EvidenceCapability Evidence,
    LeaseCapability Lease);
