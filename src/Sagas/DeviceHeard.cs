namespace ExecutionManager.Sagas;

/// <summary>Telemetry of a device came on an epoch that is not open, or from one that counted as lost.</summary>
public sealed record DeviceHeard(string DeviceId, long ConnectionEpoch, long UptimeMs, DateTimeOffset ReceivedAt);
