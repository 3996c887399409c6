namespace ExecutionManager.Domain;

/// <summary>An estimate, never a fact. What is not known is null.</summary>
/// <param name="At">The instant it is for.</param>
/// <param name="From">The evidence it starts from.</param>
/// <param name="CurrentAction">The most likely one, if it is likely enough to be named.</param>
/// <param name="Finished">The probability that all is over; null where nothing can be said, as past the latest end.</param>
/// <param name="Actions">The actions that evidence does not show ended, in order; first of all the failed one at which the device stands.</param>
/// <param name="Progress">Of the whole plan, by mean durations.</param>
/// <param name="Finish">When all is over.</param>
/// <param name="Certainty">How much of a claim it is.</param>
/// <param name="Position">Null if the most likely action has no path.</param>
public sealed record Estimate(
    DateTimeOffset At,
    DateTimeOffset From,
    string? CurrentAction,
    double? Finished,
    IReadOnlyList<ActionEstimate> Actions,
    ProgressEstimate Progress,
    FinishEstimate Finish,
    EstimateCertainty Certainty,
    PositionEstimate? Position = null);
