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
        Connection? before, ConnectionSignal signal, DateTimeOffset now, TimeSpan? staleAfter = null) =>
        throw new NotImplementedException();
}
