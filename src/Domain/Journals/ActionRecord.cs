namespace ExecutionManager.Domain;

/// <summary>What is known of one execution of an action.</summary>
/// <param name="ActionId">The action.</param>
/// <param name="Status">Never waiting.</param>
/// <param name="Revision">The revision it last ran under.</param>
/// <param name="ActionType">If the journal names it.</param>
/// <param name="StartedAt">Null if the start was not heard of.</param>
/// <param name="EndedAt">When it was finished, failed or stopped; null if that is not known.</param>
/// <param name="SeenAt">The newest instant at which it was known to be running.</param>
/// <param name="Progress">0 to 1, newest known.</param>
/// <param name="ProgressAt">When that was.</param>
/// <param name="RunningSince">Since when it runs without a pause; null while it stands.</param>
/// <param name="Ran">How long it ran before <paramref name="RunningSince"/>.</param>
/// <param name="Slack">By how much its last start or end may have been earlier: zero from a journal, the time between two snapshots where it was concluded from them.</param>
public sealed record ActionRecord(
    string ActionId,
    ActionStatus Status,
    int Revision,
    string? ActionType = null,
    DateTimeOffset? StartedAt = null,
    DateTimeOffset? EndedAt = null,
    DateTimeOffset? SeenAt = null,
    double? Progress = null,
    DateTimeOffset? ProgressAt = null,
    DateTimeOffset? RunningSince = null,
    TimeSpan Ran = default,
    TimeSpan Slack = default)
{
    /// <summary>Begun and not ended, running or paused.</summary>
    internal bool IsOpen => Status is ActionStatus.Running or ActionStatus.Initializing or ActionStatus.Paused;

    /// <summary>How long it has run at an instant, pauses left out; null if the start was not heard of.</summary>
    public TimeSpan? ElapsedAt(DateTimeOffset at) =>
        StartedAt is null ? null : Ran + (RunningSince is { } since && at > since ? at - since : TimeSpan.Zero);
}
