namespace ExecutionManager.Domain;

/// <summary>Whether a device can be spoken to.</summary>
public static class Connectivity
{
    /// <summary>How long a device may be silent: as configured, else three times its report interval (5 s before any birth).</summary>
    public static TimeSpan StaleAfter(TimeSpan? reportInterval, TimeSpan? configured = null) =>
        configured ?? 3 * Bounded(reportInterval ?? TimeSpan.FromSeconds(5));

    /// <summary>Confirmed: connected, and a message of this epoch, not retained, was received within <see cref="StaleAfter"/>.</summary>
    public static bool IsConfirmed(Connection? connection, Contact? newest, DateTimeOffset now, TimeSpan? staleAfter = null) =>
        connection is { Connected: true } && newest?.Epoch == connection.Epoch && !IsOverdue(connection, newest, now, staleAfter);

    /// <summary>Whether evidence is young enough to be called confirmed.</summary>
    public static bool IsFresh(Connection? connection, DateTimeOffset? evidenceAt, DateTimeOffset now, TimeSpan? staleAfter = null) =>
        now - evidenceAt <= StaleAfter(connection?.ReportInterval, staleAfter);

    /// <summary>Connected and silent for too long: the worker signals <see cref="ConnectionSignal.Silent"/>.</summary>
    public static bool IsSilent(Connection? connection, Contact? newest, DateTimeOffset now, TimeSpan? staleAfter = null) =>
        connection is { Connected: true } && IsOverdue(connection, newest, now, staleAfter);

    /// <summary>Lost for at least the grace: shorter losses change nothing.</summary>
    public static bool IsLost(Connection? connection, DateTimeOffset now, TimeSpan grace) =>
        connection is { Connected: false, LostAt: { } lostAt } && now - lostAt >= grace;

    private static bool IsOverdue(Connection connection, Contact? newest, DateTimeOffset now, TimeSpan? staleAfter) =>
        now - (newest?.Epoch == connection.Epoch ? newest.ReceivedAt : connection.ChangedAt)
            > StaleAfter(connection.ReportInterval, staleAfter);

    /// <summary>A device may name any interval.</summary>
    private static TimeSpan Bounded(TimeSpan interval) =>
        TimeSpan.FromSeconds(Math.Clamp(interval.TotalSeconds, 1, 86_400));
}
