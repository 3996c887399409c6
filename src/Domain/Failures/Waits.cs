namespace ExecutionManager.Domain;

/// <summary>The arithmetic of deadlines: when a wait is over, and when its end is not to be believed yet.</summary>
public static class Waits
{
    /// <summary>A deadline overdue by more than this was missed because nobody was there to hear what came before it.</summary>
    public static readonly TimeSpan Overdue = TimeSpan.FromSeconds(10);

    /// <summary>True when a deadline that concludes from silence is to be put off once, so that what waited is heard first.</summary>
    public static bool CallsForCatchUp(DateTimeOffset dueAt, DateTimeOffset now) => now - dueAt > Overdue;

    /// <summary>When the running action has run for longer than its maximum and the schedule tolerance; null when none runs, or it is paused.</summary>
    public static DateTimeOffset? ActionDueAt(Contract plan, Execution execution, DateTimeOffset now)
    {
        if (execution.Running is not { Status: not ActionStatus.Paused } running || running.ElapsedAt(now) is not { } elapsed || Planned(plan, running) is not { } planned)
        {
            return null;
        }

        return Instants.Max(now, now.Plus(planned.Duration.Max + plan.Tolerance.Schedule - elapsed));
    }

    /// <summary>True when the running action was seen running at <paramref name="seenAt"/> with its maximum and the schedule tolerance used up.</summary>
    public static bool IsOverdue(Contract plan, Execution execution, DateTimeOffset seenAt) =>
        execution.Running is { } running && running.ElapsedAt(seenAt) is { } elapsed && Planned(plan, running) is { } planned
        && elapsed >= planned.Duration.Max + plan.Tolerance.Schedule;

    /// <summary>When a contract that runs no action is looked at: counted from the start of its window.</summary>
    public static DateTimeOffset StallDueAt(Contract plan, DateTimeOffset now, TimeSpan stall) =>
        Instants.Max(now, plan.Scope.NotBefore).Plus(stall);

    /// <summary>How long a device whose lease is not enforced has to answer a stop before a person is asked.</summary>
    public static TimeSpan StopAnswer(TimeSpan command) => 3 * command;

    /// <summary>How long the next request waits after a refused decision: 1 s, doubling with each attempt up to 32 s.</summary>
    public static TimeSpan Backoff(int attempt) => TimeSpan.FromSeconds(1 << Math.Clamp(attempt - 1, 0, 5));

    private static PlannedAction? Planned(Contract plan, ActionRecord running) =>
        plan.Actions.FirstOrDefault(action => action.ActionId == running.ActionId);
}
