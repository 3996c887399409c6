namespace ExecutionManager.Store;

/// <summary>The newest message of a device on its newest epoch.</summary>
public sealed class ContactRow
{
    public required string DeviceId { get; init; }
    public long Epoch { get; set; }
    public long UptimeMs { get; set; }
    public DateTimeOffset ReceivedAt { get; set; }

    /// <summary>Takes a message if it is newer: by epoch, then by the device's clock since boot.</summary>
    public bool Take(long epoch, long uptimeMs, DateTimeOffset receivedAt)
    {
        if (epoch < Epoch || (epoch == Epoch && receivedAt <= ReceivedAt))
        {
            return false;
        }

        // A device that reboots opens a new epoch, so within one the clock since boot only grows.
        (UptimeMs, Epoch, ReceivedAt) = (epoch == Epoch ? Math.Max(UptimeMs, uptimeMs) : uptimeMs, epoch, receivedAt);
        return true;
    }
}
