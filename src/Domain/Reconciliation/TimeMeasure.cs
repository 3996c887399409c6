namespace ExecutionManager.Domain;

/// <summary>Did actions end when they were projected to?</summary>
/// <param name="Value">0 to 1: of the end that is farthest from its band; null if it cannot be taken.</param>
/// <param name="Why">Why there is no value.</param>
/// <param name="Action">The action of that end; null if all ended within.</param>
/// <param name="From">The band began: q05.</param>
/// <param name="To">It ended: q95; null if that was beyond the lease.</param>
/// <param name="EndedAt">When it truly ended.</param>
/// <param name="Deviation">How far outside, early or late; zero within.</param>
public sealed record TimeMeasure(
    double? Value,
    string? Why = null,
    string? Action = null,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null,
    DateTimeOffset? EndedAt = null,
    TimeSpan Deviation = default);
