namespace ExecutionManager.Domain;

/// <summary>A measure of divergence.</summary>
/// <param name="Value">0 to 1; null if it cannot be taken.</param>
/// <param name="Why">Why there is no value.</param>
public sealed record Measure(double? Value, string? Why = null);
