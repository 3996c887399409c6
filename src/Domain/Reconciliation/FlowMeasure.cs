namespace ExecutionManager.Domain;

/// <summary>Were the planned actions executed, in their order?</summary>
/// <param name="Value">1 − fitness; null if it cannot be taken.</param>
/// <param name="Fitness">0 to 1.</param>
/// <param name="Cost">What the deviations cost.</param>
/// <param name="Skipped">Planned, passed over.</param>
/// <param name="Extra">Done besides the plan.</param>
/// <param name="Why">Why there is no value.</param>
public sealed record FlowMeasure(
    double? Value,
    double? Fitness,
    double? Cost,
    IReadOnlyList<string> Skipped,
    IReadOnlyList<string> Extra,
    string? Why);
