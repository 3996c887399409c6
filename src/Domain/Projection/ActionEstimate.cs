namespace ExecutionManager.Domain;

/// <summary>The estimate of one action.</summary>
/// <param name="ActionId">The action.</param>
/// <param name="Status">Where it most likely stands.</param>
/// <param name="Probability">That it is the current one.</param>
/// <param name="Earliest">Never ends before; null if it cannot end before the lease or the window does.</param>
/// <param name="Latest">Ends by then unless the device pauses by itself; null if there is no such bound.</param>
public sealed record ActionEstimate(
    string ActionId,
    ActionStatus Status,
    double? Probability,
    DateTimeOffset? Earliest,
    DateTimeOffset? Latest);
