namespace ExecutionManager.Domain;

/// <summary>What an estimate is made from.</summary>
/// <param name="Plan">The last revision with evidence of acceptance.</param>
/// <param name="Execution">What is known of it.</param>
/// <param name="EvidenceAt">The newest instant at which the running action was known to run; if none runs, the newest known at all.</param>
/// <param name="Progress">The running action's progress at that instant, 0 to 1.</param>
/// <param name="LeaseEnd">Nothing advances beyond; null if the device's lease is not enforced.</param>
/// <param name="FreeFrom">The earliest finish of another contract that is ahead on the device; null if none is.</param>
/// <param name="RevisionInDoubt">A newer revision may or may not have reached the device.</param>
public sealed record ProjectionBasis(
    Contract Plan,
    Execution Execution,
    DateTimeOffset EvidenceAt,
    double? Progress = null,
    DateTimeOffset? LeaseEnd = null,
    DateTimeOffset? FreeFrom = null,
    bool RevisionInDoubt = false)
{
    /// <summary>Takes the newest evidence of the running action from journal, snapshot and telemetry.</summary>
    /// <param name="plan">The last revision with evidence of acceptance.</param>
    /// <param name="execution">What is known of it.</param>
    /// <param name="acceptedAt">When acceptance of the plan was learned: the evidence while the journal says nothing of it.</param>
    /// <param name="telemetry">The latest sample; one that names another action than the running one tells nothing.</param>
    public static ProjectionBasis From(Contract plan, Execution execution, DateTimeOffset acceptedAt, ActionSample? telemetry = null)
    {
        if (execution.Running is not { } running)
        {
            var known = execution.At ?? acceptedAt;
            return new(plan, execution, plan.Revision > execution.Revision ? Instants.Max(known, acceptedAt) : known);
        }
        var seenAt = running.SeenAt ?? execution.At ?? acceptedAt;
        if (telemetry is { } sample && sample.ActionId == running.ActionId && sample.At >= seenAt)
        {
            return new(plan, execution, sample.At, sample.Progress);
        }
        return new(plan, execution, seenAt, running.ProgressAt == seenAt ? running.Progress : null);
    }
}
