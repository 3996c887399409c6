namespace ExecutionManager.Domain;

/// <summary>Judges actuals against plan and projection.</summary>
public static class Divergences
{
    /// <summary>Compares; depends on nothing but its arguments.</summary>
    /// <param name="plan">The revision in force.</param>
    /// <param name="execution">The actuals; its lost ranges count.</param>
    /// <param name="frozen">The projection for the snapshot's instant; null if there was none.</param>
    /// <param name="snapshot">What the device said of itself on return; null if nothing.</param>
    /// <param name="completed">The journal says completed: the whole plan counts.</param>
    /// <param name="at">The instant of comparison.</param>
    public static Divergence Judge(
        Contract plan, Execution execution, Estimate? frozen, Snapshot? snapshot, bool completed, DateTimeOffset at) =>
        throw new NotImplementedException();

    /// <summary>Whether the Planner is to be asked: major or undetermined, by something the settled judgement had not.</summary>
    /// <param name="now">The judgement.</param>
    /// <param name="settled">The last judgement the Planner answered by keeping the plan; null if there is none.</param>
    public static bool CallsForReplan(Divergence now, Divergence? settled) => throw new NotImplementedException();
}
