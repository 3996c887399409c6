namespace ExecutionManager.Domain;

/// <summary>Guards decisions about recovery: the EM never chooses, but it does not do harm either.</summary>
public static class Decisions
{
    /// <summary>Why a decision cannot be carried out; null if it can.</summary>
    /// <param name="strategy">What was decided.</param>
    /// <param name="mayRepeat">The decision says that unconfirmed actions may happen twice.</param>
    /// <param name="unconfirmed">Such actions (<see cref="Plans.Unconfirmed"/>).</param>
    /// <param name="journalLost">Nobody knows what was executed.</param>
    /// <param name="nothingRemaining">There is no action to execute.</param>
    /// <param name="allowed">The strategies that were offered.</param>
    public static string? Refuse(
        RecoveryStrategy strategy,
        bool mayRepeat,
        IReadOnlyCollection<string> unconfirmed,
        bool journalLost,
        bool nothingRemaining,
        IReadOnlyCollection<RecoveryStrategy> allowed)
    {
        if (!allowed.Contains(strategy))
        {
            return $"{CamelCase<RecoveryStrategy>.Word(strategy)} is not offered";
        }
        if (strategy is not (RecoveryStrategy.Retry or RecoveryStrategy.Reassign))
        {
            return null;
        }
        if (journalLost && strategy == RecoveryStrategy.Retry)
        {
            return "the journal is lost, which excludes retry";
        }
        if (nothingRemaining)
        {
            return "no action remains";
        }
        return unconfirmed.Count > 0 && !mayRepeat
            ? $"mayRepeat is needed: nobody knows how far {string.Join(", ", unconfirmed)} came"
            : null;
    }
}
