namespace ExecutionManager.Domain;

/// <summary>Guards decisions about recovery: the EM never chooses, but it does not do harm either.</summary>
public static class Decisions
{
    /// <summary>Why a decision cannot be carried out; null if it can.</summary>
    /// <param name="strategy">What was decided.</param>
    /// <param name="mayRepeat">The decision says that unconfirmed actions may happen twice.</param>
    /// <param name="grounds">What is known.</param>
    public static string? Refuse(RecoveryStrategy strategy, bool mayRepeat, DecisionGrounds grounds)
    {
        if (strategy == RecoveryStrategy.Escalate)
        {
            return grounds.IsEscalated ? "an operator has it already" : null;
        }
        if (grounds.IsStopped && strategy is RecoveryStrategy.Retry or RecoveryStrategy.Hold)
        {
            return "the device was told to stop, which ends the contract there";
        }
        if (strategy is not (RecoveryStrategy.Retry or RecoveryStrategy.Reassign))
        {
            return null;
        }
        if (grounds.IsJournalLost && strategy == RecoveryStrategy.Retry)
        {
            return "the journal is lost, which excludes retry";
        }
        if (grounds.IsWindowOver && strategy == RecoveryStrategy.Retry)
        {
            return "notAfter has passed, which excludes retry";
        }
        if (grounds.IsNothingLeft)
        {
            return "no action remains";
        }
        return grounds.Unconfirmed.Count > 0 && !mayRepeat
            ? $"mayRepeat is needed: nobody knows how far {string.Join(", ", grounds.Unconfirmed)} came"
            : null;
    }

    /// <summary>The strategies that can be carried out, those that take <c>mayRepeat</c> included.</summary>
    public static IReadOnlyList<RecoveryStrategy> Allowed(DecisionGrounds grounds) =>
        [.. Enum.GetValues<RecoveryStrategy>().Where(strategy => Refuse(strategy, mayRepeat: true, grounds) is null)];
}
