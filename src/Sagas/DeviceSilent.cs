namespace ExecutionManager.Sagas;

/// <summary>Nothing was heard of a connected device since <paramref name="LastHeardAt"/>.</summary>
public sealed record DeviceSilent(string DeviceId, long ConnectionEpoch, DateTimeOffset LastHeardAt);
