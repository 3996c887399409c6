namespace ExecutionManager.Domain;

/// <summary>Puts instants of a device's clock on ours, trusting only differences of the device's clock.</summary>
public static class EntryClock
{
    /// <summary><c>receivedAt − (sentAt − at)</c>, not after its receipt, never before the entry before it.</summary>
    /// <param name="at">By the device's clock.</param>
    /// <param name="sentAt">By the same clock, when the message left.</param>
    /// <param name="receivedAt">By the adapter's clock.</param>
    /// <param name="previousAt">Of the entry before, already on our clock; null if there is none here.</param>
    /// <returns>The instant in UTC, and whether it had to be clamped.</returns>
    public static (DateTimeOffset At, bool Clamped) Convert(
        DateTimeOffset at, DateTimeOffset sentAt, DateTimeOffset receivedAt, DateTimeOffset? previousAt)
    {
        var converted = receivedAt.ToUniversalTime().Plus(at - sentAt);
        var bounded = converted > receivedAt ? receivedAt.ToUniversalTime() : converted;
        if (previousAt is { } previous && bounded < previous)
        {
            bounded = previous;
        }
        return (bounded, bounded != converted);
    }
}
