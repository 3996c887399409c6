namespace ExecutionManager.Sagas;

/// <summary>A loss has lasted for the grace; it is announced to the contracts unless the device came back meanwhile.</summary>
public sealed record GraceOver(string DeviceId, DateTimeOffset LostAt);
