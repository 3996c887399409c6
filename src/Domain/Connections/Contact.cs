namespace ExecutionManager.Domain;

/// <summary>The newest message of a device that was not retained.</summary>
/// <param name="Epoch">The epoch it was sent in.</param>
/// <param name="ReceivedAt">When the adapter had it.</param>
/// <param name="UptimeMs">The device's clock since boot in it.</param>
public sealed record Contact(long Epoch, DateTimeOffset ReceivedAt, long UptimeMs);
