namespace ExecutionManager.Domain;

/// <summary>Compares what was executed with what was planned.</summary>
public static class Alignment
{
    /// <summary>
    /// The cheapest alignment of the executed steps, in order, with the best prefix of the plan, or with all of it once
    /// completed. Among equally cheap ones, the one that matches most.
    /// </summary>
    public static AlignmentResult Align(IReadOnlyList<FlowStep> executed, IReadOnlyList<FlowStep> plan, bool completed) =>
        throw new NotImplementedException();
}
