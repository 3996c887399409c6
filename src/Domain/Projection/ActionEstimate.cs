namespace ExecutionManager.Domain;

/// <summary>The estimate of one action; an instant is null where it is not reached before the lease or the window ends.</summary>
/// <param name="ActionId">The action.</param>
/// <param name="Status">Where it most likely stands.</param>
/// <param name="Probability">That it is the current one; null where nothing can be said.</param>
/// <param name="Earliest">Never ends before.</param>
/// <param name="Latest">Ends by then unless the device pauses by itself.</param>
/// <param name="Q05">Ends before with a probability of 5 %.</param>
/// <param name="Q50">Of 50 %.</param>
/// <param name="Q95">Of 95 %.</param>
public sealed record ActionEstimate(
    string ActionId,
    ActionStatus Status,
    double? Probability,
    DateTimeOffset? Earliest,
    DateTimeOffset? Latest,
    DateTimeOffset? Q05 = null,
    DateTimeOffset? Q50 = null,
    DateTimeOffset? Q95 = null);
