namespace ExecutionManager.Domain;

/// <summary>How well an execution fits a plan.</summary>
/// <param name="Fitness">0 to 1; 1 is as planned.</param>
/// <param name="Cost">Skips and extras, 1 each, idempotent ones 0.5.</param>
/// <param name="Skipped">Planned, passed over.</param>
/// <param name="Extra">Done besides the plan.</param>
public sealed record AlignmentResult(double Fitness, double Cost, IReadOnlyList<string> Skipped, IReadOnlyList<string> Extra);
