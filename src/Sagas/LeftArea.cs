namespace ExecutionManager.Sagas;

/// <summary>The latest telemetry of a contract's device lies outside the area of the plan in force.</summary>
public sealed record LeftArea(Guid ContractId, string DeviceId, DateTimeOffset ReceivedAt, IReadOnlyList<double> Position);
