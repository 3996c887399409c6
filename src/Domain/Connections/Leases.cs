namespace ExecutionManager.Domain;

/// <summary>The arithmetic of leases: how long a device may go on without a grant, and how long nobody else may.</summary>
public static class Leases
{
    /// <summary>No device clock runs slower than ours by more than this factor.</summary>
    public const double Drift = 1.02;

    /// <summary>Added for what the factor does not cover.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromSeconds(2);

    /// <summary>When a device that enforces its lease surely stands still: <c>receivedAt + 1.02 × (validFor + stopTime) + 2 s</c>.</summary>
    /// <param name="receivedAt">Of the message whose clock the grant echoed.</param>
    /// <param name="validFor">Of the grant.</param>
    /// <param name="stopTime">Of the scope.</param>
    public static DateTimeOffset SafeToReassignAt(DateTimeOffset receivedAt, TimeSpan validFor, TimeSpan stopTime) =>
        receivedAt.Plus(Drift * (validFor + stopTime) + Margin);

    /// <summary>The same over every grant ever committed: it never decreases.</summary>
    public static DateTimeOffset SafeToReassignAt(
        DateTimeOffset? before, DateTimeOffset receivedAt, TimeSpan validFor, TimeSpan stopTime) =>
        Instants.Max(SafeToReassignAt(receivedAt, validFor, stopTime), before);

    /// <summary>
    /// Whether an entry proves work at an instant at which the device should have stood still. Its time was converted by
    /// the device's clock, which may run slow as well; a clamped time proves nothing.
    /// </summary>
    public static bool IsWorkAfter(JournalEntry entry, DateTimeOffset receivedAt, DateTimeOffset stillAt) =>
        entry is { Clamped: false, Type: EntryTypes.ActionStarted or EntryTypes.Resumed or EntryTypes.ActionFinished or EntryTypes.ActionFailed }
        && entry.At - (Drift - 1) * (receivedAt - entry.At) > stillAt;

    /// <summary>Until when a device may be away: the same, or for a lease that is not enforced loss + allowance.</summary>
    public static DateTimeOffset OfflineUntil(
        LeaseCapability lease, DateTimeOffset? safeToReassignAt, DateTimeOffset lostAt, TimeSpan offlineAllowance) =>
        lease == LeaseCapability.Enforced && safeToReassignAt is { } safe ? safe : lostAt.Plus(offlineAllowance);

    /// <summary>When the lease ends at the latest if clocks agree; projections end there.</summary>
    public static DateTimeOffset EndAt(DateTimeOffset receivedAt, TimeSpan validFor) => receivedAt.Plus(validFor);

    /// <summary>A third of the grant: two renewals may be lost.</summary>
    public static TimeSpan RenewEvery(TimeSpan validFor) => validFor / 3;

    /// <summary>On the device: the end of a grant in milliseconds since boot, however late the grant came.</summary>
    public static long EndMs(long asOfMs, TimeSpan validFor) => asOfMs + (long)validFor.TotalMilliseconds;

    /// <summary>On the device: the newest <c>asOf</c> counts, and a grant that is already over is none.</summary>
    public static bool IsGrant(long asOfMs, TimeSpan validFor, long uptimeMs) => EndMs(asOfMs, validFor) > uptimeMs;
}
