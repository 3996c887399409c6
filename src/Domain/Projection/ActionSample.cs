namespace ExecutionManager.Domain;

/// <summary>What telemetry says of the action that runs.</summary>
/// <param name="ActionId">The action.</param>
/// <param name="At">When, on our clock.</param>
/// <param name="Progress">0 to 1.</param>
public sealed record ActionSample(string ActionId, DateTimeOffset At, double? Progress);
