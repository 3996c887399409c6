namespace ExecutionManager.Domain;

/// <summary>What a decision about recovery is judged by.</summary>
/// <param name="Unconfirmed">Actions that may have happened and must not happen twice unasked (<see cref="Plans.Unconfirmed"/>).</param>
/// <param name="IsJournalLost">Nobody knows what was executed.</param>
/// <param name="IsNothingLeft">There is no action to execute.</param>
/// <param name="IsWindowOver">No device may act on the plan any more.</param>
/// <param name="IsStopped">The device was told to stop, which it cannot take back.</param>
/// <param name="IsEscalated">An operator decides.</param>
public sealed record DecisionGrounds(
    IReadOnlyCollection<string> Unconfirmed,
    bool IsJournalLost = false,
    bool IsNothingLeft = false,
    bool IsWindowOver = false,
    bool IsStopped = false,
    bool IsEscalated = false);
