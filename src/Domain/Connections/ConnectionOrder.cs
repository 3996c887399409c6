namespace ExecutionManager.Domain;

/// <summary>
/// Orders what is heard about connections by (epoch, rank), online before its end: whatever the order of arrival, the
/// same signals end in the same epoch, open or closed.
/// </summary>
public static class ConnectionOrder
{
    /// <summary>Takes in a signal.</summary>
    /// <param name="before">What was known; null for a device never heard of.</param>
    /// <param name="signal">What was heard.</param>
    /// <param name="now">The present; a message received longer ago than the device may be silent confirms nothing.</param>
    /// <param name="staleAfter">As configured; null for the rule (<see cref="Connectivity.StaleAfter"/>).</param>
    /// <returns>What is known now (null only if nothing was and nothing is), and what that changed.</returns>
    public static (Connection? After, ConnectionChange Change) Apply(
        Connection? before, ConnectionSignal signal, DateTimeOffset now, TimeSpan? staleAfter = null)
    {
        // A device never heard of is one whose epochs below the first are over.
        var known = before ?? new(long.MinValue, true, false, false, now, null, null, null, EvidenceCapability.Journal, LeaseCapability.None);
        var (after, change) = signal switch
        {
            ConnectionSignal.Birth birth => Hear(Introduce(known, birth), known, birth.Epoch, birth.Retained, birth.ReceivedAt),
            ConnectionSignal.Heard heard => Hear(known, known, heard.Epoch, heard.Retained, heard.ReceivedAt),
            ConnectionSignal.Ended ended => End(known, ended, now),
            ConnectionSignal.Silent silent => Fall(known, silent, now),
            _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "An unknown signal."),
        };
        var unheardOf = before is null && change is ConnectionChange.None or ConnectionChange.OutdatedEpoch;
        return (unheardOf ? before : after, change);

        (Connection, ConnectionChange) Hear(Connection told, Connection known, long epoch, bool retained, DateTimeOffset receivedAt)
        {
            if (epoch < known.Epoch || (epoch == known.Epoch && known.Closed))
            {
                return (known, signal is ConnectionSignal.Birth && !retained ? ConnectionChange.OutdatedEpoch : ConnectionChange.None);
            }
            var confirms = !retained && now - receivedAt <= Connectivity.StaleAfter(told.ReportInterval, staleAfter);
            if (confirms && (epoch > known.Epoch || !known.Connected))
            {
                var opened = told with { Epoch = epoch, Closed = false, Connected = true, Stale = false, ChangedAt = now, LostAt = null, LossReason = null };
                return (opened, epoch == known.Epoch && known.Stale ? ConnectionChange.Revived : ConnectionChange.Opened);
            }
            if (epoch > known.Epoch)
            {
                return Lose(told with { Epoch = epoch, Closed = false, Stale = false }, LossReason.Lost, now);
            }
            return (told, told == known ? ConnectionChange.None : ConnectionChange.Noted);
        }
    }

    private static Connection Introduce(Connection known, ConnectionSignal.Birth birth) =>
        known with { ReportInterval = birth.ReportInterval, Evidence = birth.Evidence, Lease = birth.Lease };

    private static (Connection, ConnectionChange) End(Connection known, ConnectionSignal.Ended ended, DateTimeOffset now) =>
        ended.Epoch < known.Epoch || (ended.Epoch == known.Epoch && known.Closed)
            ? (known, ConnectionChange.None)
            : Lose(known with { Epoch = ended.Epoch, Closed = true, Stale = false }, ended.Clean ? LossReason.Clean : LossReason.Lost, now);

    private static (Connection, ConnectionChange) Fall(Connection known, ConnectionSignal.Silent silent, DateTimeOffset now) =>
        silent.Epoch == known.Epoch && known.Connected
            ? Lose(known with { Stale = true }, LossReason.Silent, now)
            : (known, ConnectionChange.None);

    /// <summary>The time of loss is when it was first learned of: learning more of it does not move it.</summary>
    private static (Connection, ConnectionChange) Lose(Connection known, LossReason reason, DateTimeOffset now) => known.Connected
        ? (known with { Connected = false, ChangedAt = now, LostAt = now, LossReason = reason }, ConnectionChange.Lost)
        : (known with { LostAt = known.LostAt ?? now, LossReason = reason }, ConnectionChange.Noted);
}
