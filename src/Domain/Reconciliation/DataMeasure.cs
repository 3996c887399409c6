namespace ExecutionManager.Domain;

/// <summary>Was the contract's data used?</summary>
/// <param name="Value">1 if an action named another hash, else 0.</param>
/// <param name="Others">What was used instead.</param>
public sealed record DataMeasure(double? Value, IReadOnlyList<DataUse> Others);
