namespace ExecutionManager.Domain;

/// <summary>The report of a reconciliation.</summary>
/// <param name="Level">How far actuals and plan are apart.</param>
/// <param name="Dominant">The measure that counts most: flow, time, space, data; null if all are zero.</param>
/// <param name="Flow">Were the actions executed as planned?</param>
/// <param name="Time">Did they end when projected?</param>
/// <param name="Space">Was the device where it was projected?</param>
/// <param name="Data">Was the contract's data used?</param>
/// <param name="Lost">Journal entries that never came and count for this revision.</param>
/// <param name="Summary">In words.</param>
/// <param name="At">The instant of comparison.</param>
/// <param name="Revision">The plan compared with.</param>
/// <param name="WindowAtRisk">The window ends, and it will rather not be done by then.</param>
/// <param name="IncorrectFor">How long the most likely action shown was not the one the journal shows; null if nothing was projected.</param>
/// <param name="EndsInside">Ends of actions within their projected band, q05 to q95.</param>
/// <param name="EndsOutside">Ends outside of it.</param>
public sealed record Divergence(
    DivergenceLevel Level,
    string? Dominant,
    FlowMeasure Flow,
    TimeMeasure Time,
    SpaceMeasure Space,
    DataMeasure Data,
    IReadOnlyList<SeqRange> Lost,
    string Summary,
    DateTimeOffset At,
    int Revision,
    bool WindowAtRisk = false,
    TimeSpan? IncorrectFor = null,
    int EndsInside = 0,
    int EndsOutside = 0);
