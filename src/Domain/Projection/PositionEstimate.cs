namespace ExecutionManager.Domain;

/// <summary>Where the device is, if it keeps to its path.</summary>
/// <param name="Expected">In the contract's frame.</param>
/// <param name="Radius">In metres: wherever the durations allow it to be is within.</param>
public sealed record PositionEstimate(IReadOnlyList<double> Expected, double Radius);
