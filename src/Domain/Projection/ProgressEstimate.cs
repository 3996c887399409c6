namespace ExecutionManager.Domain;

/// <summary>Progress from 0 to 1.</summary>
/// <param name="Low">If everything takes longest.</param>
/// <param name="Expected">By the means.</param>
/// <param name="High">If everything takes shortest.</param>
public sealed record ProgressEstimate(double Low, double Expected, double High);
