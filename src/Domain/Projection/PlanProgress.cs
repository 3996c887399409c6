namespace ExecutionManager.Domain;

/// <summary>How much of a plan is known to be done.</summary>
public static class PlanProgress
{
    /// <summary>The share of the plan that is done, 0 to 1, weighted by mean durations; no estimate goes into it.</summary>
    /// <param name="plan">The revision in force.</param>
    /// <param name="execution">What is known of it.</param>
    /// <param name="running">The running action's progress from newer telemetry, 0 to 1, if there is any.</param>
    public static double Known(Contract plan, Execution execution, double? running = null)
    {
        var (done, all) = (0.0, 0.0);
        foreach (var action in plan.Actions)
        {
            var mean = action.Duration.Mean.TotalSeconds;
            all += mean;
            done += mean * (execution.Of(action.ActionId) switch
            {
                { Status: ActionStatus.Finished } => 1,
                { IsOpen: true } open => Math.Clamp(running ?? open.Progress ?? 0, 0, 1),
                _ => 0,
            });
        }

        return all > 0 ? Math.Round(done / all, 6) : 1;
    }
}
