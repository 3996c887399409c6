namespace ExecutionManager.Simulation;

/// <summary>What the device was told about a message of its own.</summary>
public sealed record Rejection(string Topic, string Reason, string? Detail);
