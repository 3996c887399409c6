using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Neighbours;

/// <summary>
/// Reference Planner. It reorders nothing; it decides whether the plan still fits, drops what is finished and corrects
/// the durations by the pace seen so far (<see cref="Retiming"/>), but of what may have begun when the plan arrives:
/// <list type="bullet">
/// <item>late evidence, an outdated revision: always a revised plan;</item>
/// <item>divergence: kept when consistent or minor, when only data differs (another plan would not change that), and
/// when nothing is left to plan; else revised;</item>
/// <item>the window at risk: kept, for this Planner knows no faster way.</item>
/// </list>
/// No plan is found when even the shortest durations end after the window.
/// </summary>
internal sealed class Planner(Conduct conduct) : INeighbour<ReplanRequested>
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan UntilArrival = TimeSpan.FromSeconds(10);

    public Conduct Conduct => conduct;

    public Guid ContractOf(ReplanRequested request) => request.ContractId;

    public object Answer(ReplanRequested request, DateTimeOffset now)
    {
        var remaining = request.RemainingActions.Where(action => StatusOf(request, action) != ActionStatus.Finished).ToList();
        var needed = Needed(request, remaining, now);
        if (request.Contract.Scope?.NotAfter is { } end && Later(now, request.Contract.Scope.NotBefore) + needed > end)
            return Failed(request, $"at least {DurationConverter.Format(needed)} is needed and the window ends at {end:O}");

        return FitsStill(request, remaining) ? Kept(request) : Revised(request, remaining, now);
    }

    /// <summary>A plan with an action that no scope allows.</summary>
    public object WrongAnswer(ReplanRequested request, DateTimeOffset now) =>
        Revised(request, [new() { ActionId = "wrong", ActionType = "wrong-on-purpose", Duration = new() { Min = Second, Mode = Second, Max = Second } }], now);

    private static bool FitsStill(ReplanRequested request, List<PlannedAction> remaining) => request.Reason switch
    {
        ReplanReason.LateEvidence or ReplanReason.Outdated => false,
        ReplanReason.WindowAtRisk => true,
        ReplanReason.Divergence => remaining is [] || request.Report?.Level switch
        {
            DivergenceLevel.Consistent or DivergenceLevel.Minor => true,
            DivergenceLevel.Major => !(request.Report.Flow.Value > 0 || request.Report.Time.Value > 0 || request.Report.Space.Value > 0),
            DivergenceLevel.Undetermined or null => false,
        },
    };

    private static PlanRevised Revised(ReplanRequested request, List<PlannedAction> remaining, DateTimeOffset now)
    {
        var retiming = Retiming.From(request);
        var begun = MayHaveBegun(request, remaining, now + UntilArrival);
        return new()
        {
            ContractId = request.ContractId,
            ReplanId = request.ReplanId,
            Actions = [.. remaining.Select(action => Next(request, action, begun.Contains(action.ActionId) ? new(1) : retiming))],
            Reason = $"{remaining.Count} of {request.Contract.Actions?.Count ?? 0} actions remain; {retiming}",
        };
    }

    // An action id is never used for a second execution. Unchanged, a running action goes on; with any change the device would stop it.
    private static PlannedAction Next(ReplanRequested request, PlannedAction action, Retiming retiming) =>
        StatusOf(request, action) == ActionStatus.Failed
            ? retiming.Apply(action) with { ActionId = $"{action.ActionId}-r{request.Revision + 1}", RetryOf = action.ActionId }
            : retiming.Apply(action);

    /// <summary>What runs, and what can follow it until then; the device goes on meanwhile.</summary>
    private static HashSet<string?> MayHaveBegun(ReplanRequested request, List<PlannedAction> remaining, DateTimeOffset until)
    {
        var at = request.Actual?.At ?? until;
        var begun = new HashSet<string?>();
        foreach (var action in remaining.SkipWhile(action => !IsUnderWay(request, action)).TakeWhile(_ => at <= until))
        {
            begun.Add(action.ActionId);
            var start = request.Actual!.Actions.GetValueOrDefault(action.ActionId!)?.StartedAt ?? at;
            at = Later(at, start + (action.Duration?.Min ?? TimeSpan.Zero));
        }
        return begun;
    }

    private static bool IsUnderWay(ReplanRequested request, PlannedAction action) =>
        StatusOf(request, action) is ActionStatus.Running or ActionStatus.Initializing or ActionStatus.Paused;

    private static TimeSpan Needed(ReplanRequested request, List<PlannedAction> remaining, DateTimeOffset now)
    {
        var sum = TimeSpan.Zero;
        foreach (var action in remaining)
        {
            var shortest = action.Duration?.Min ?? TimeSpan.Zero;
            var spent = StatusOf(request, action) == ActionStatus.Running && request.Actual!.Actions[action.ActionId!].StartedAt is { } start ? now - start : TimeSpan.Zero;
            sum += shortest > spent ? shortest - spent : TimeSpan.Zero;
        }
        return sum;
    }

    private static ActionStatus? StatusOf(ReplanRequested request, PlannedAction action) =>
        request.Actual?.Actions.GetValueOrDefault(action.ActionId ?? "")?.Status;

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset? other) => other > one ? other.Value : one;

    private static PlanKept Kept(ReplanRequested request) => new() { ContractId = request.ContractId, ReplanId = request.ReplanId };

    private static ReplanFailed Failed(ReplanRequested request, string reason) =>
        new() { ContractId = request.ContractId, ReplanId = request.ReplanId, Reason = reason };
}
