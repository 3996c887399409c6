namespace ExecutionManager.Domain;

/// <summary>A device executes one contract at a time.</summary>
public static class Turns
{
    /// <summary>
    /// The contract whose turn it is: the running one, else of those that may run the highest priority, then the
    /// earliest accepted; null if none may.
    /// </summary>
    public static Guid? Next(IEnumerable<TurnCandidate> candidates, DateTimeOffset now) =>
        candidates
            .Where(one => one.Running || (one.MayRun && one.AcceptedAt is not null
                && !(one.NotBefore > now) && !(one.LeaseEnd <= now)))
            .OrderByDescending(one => one.Running)
            .ThenByDescending(one => one.Priority)
            .ThenBy(one => one.AcceptedAt)
            .ThenBy(one => one.ContractId)
            .FirstOrDefault()?.ContractId;
}
