namespace ExecutionManager.Domain;

/// <summary>Was the device where it was projected to be?</summary>
/// <param name="Value">0 to 1; null if it cannot be taken.</param>
/// <param name="Why">Why there is no value.</param>
/// <param name="Beyond">Metres outside the projected region; 0 within.</param>
public sealed record SpaceMeasure(double? Value, string? Why = null, double Beyond = 0);
