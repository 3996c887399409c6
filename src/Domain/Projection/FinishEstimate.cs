namespace ExecutionManager.Domain;

/// <summary>When all is over; each null where that is not reached before the lease or the window ends.</summary>
/// <param name="Earliest">Never before.</param>
/// <param name="Q05">Before this with a probability of 5 %.</param>
/// <param name="Q50">Of 50 %.</param>
/// <param name="Q95">Of 95 %.</param>
/// <param name="Latest">By then unless the device pauses by itself.</param>
public sealed record FinishEstimate(
    DateTimeOffset? Earliest,
    DateTimeOffset? Q05,
    DateTimeOffset? Q50,
    DateTimeOffset? Q95,
    DateTimeOffset? Latest);
