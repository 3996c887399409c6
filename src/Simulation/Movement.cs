namespace ExecutionManager.Simulation;

/// <summary>A stretch of true time in which the device was not standing still, and for which contract.</summary>
/// <param name="LeaseEndsAt">The lease as it was when the stretch ended, or now.</param>
public sealed record Movement(
    string ContractId,
    string TaskId,
    long FencingToken,
    DateTimeOffset From,
    DateTimeOffset? To,
    DateTimeOffset? LeaseEndsAt,
    TimeSpan StopTime);
