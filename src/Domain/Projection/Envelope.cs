namespace ExecutionManager.Domain;

/// <summary>The bounds that durations set on one execution, and what they leave possible at one instant.</summary>
internal sealed class Envelope
{
    private readonly ProjectionBasis basis;
    private readonly DateTimeOffset now;
    private readonly DateTimeOffset? limit;
    private readonly bool stands;
    private readonly bool behind;
    private readonly ActionRecord? running;
    private readonly List<Bounds> steps = [];
    private readonly Projection.Residual rest;
    private readonly DateTimeOffset start;

    public Envelope(ProjectionBasis basis, DateTimeOffset now)
    {
        this.basis = basis;
        this.now = Instants.Max(now, basis.EvidenceAt);
        limit = Instants.Min(basis.LeaseEnd, basis.Plan.Scope.NotAfter);
        var execution = basis.Execution;
        stands = execution.IsEnded || execution.Status == ExecutionStatus.Paused || HasFailed;
        running = execution.Running;
        behind = running is null && basis.FreeFrom is not null;
        start = running is not null
            ? basis.EvidenceAt
            : Instants.Max(Instants.Max(basis.EvidenceAt, basis.Plan.Scope.NotBefore), basis.FreeFrom);
        var open = Open();
        rest = running is null ? default
            : Current(open) is { } current
                ? Projection.Rest(current.Duration, running.ElapsedAt(basis.EvidenceAt), basis.Progress)
                // An action of the device's own: nobody knows how long it takes.
                : new(TimeSpan.Zero, TimeSpan.Zero, null);
        Bound(open);
    }

    /// <summary>What an action is between: its ends, and the earliest instant it can begin.</summary>
    private sealed record Bounds(PlannedAction Action, DateTimeOffset EarliestStart, DateTimeOffset EarliestEnd, DateTimeOffset? LatestEnd);

    public Estimate Estimate()
    {
        var possible = Enumerable.Range(0, steps.Count).Where(IsPossible).ToList();
        var current = Failed() ?? (Extra ? running!.ActionId
            : Refuted ? steps[0].Action.ActionId
            : possible is [var only] && !MayBeFinished && !basis.RevisionInDoubt && !MayHaveBegun ? steps[only].Action.ActionId
            : null);
        var certain = current is not null && !Extra && !Refuted && !basis.RevisionInDoubt;
        return new(
            now,
            basis.EvidenceAt,
            basis.RevisionInDoubt ? null : current,
            Finished: null,
            [.. steps.Select((step, at) => new ActionEstimate(
                step.Action.ActionId, Status(at, possible), Probability: null, Reached(step.EarliestEnd), Reached(step.LatestEnd)))],
            Progress(),
            steps is [.., var last]
                ? new(Reached(last.EarliestEnd), null, null, null, Reached(last.LatestEnd))
                : new(null, null, null, null, null),
            certain ? EstimateCertainty.Projected : EstimateCertainty.Inconclusive);
    }

    private bool Extra => running is not null && (steps.Count == 0 || steps[0].Action.ActionId != running.ActionId);

    private bool Refuted => running is not null && !Extra && !stands && rest.Longest is null;

    /// <summary>From the other contract's earliest finish on, this one may have begun.</summary>
    private bool MayHaveBegun => behind && !stands && now >= basis.FreeFrom;

    private bool MayBeFinished => !stands && steps is [.., var last] && last.EarliestEnd <= Reach(last.EarliestStart);

    /// <summary>The actions the journal does not show ended, the running one first, in the order of the plan.</summary>
    private List<PlannedAction> Open()
    {
        var records = basis.Execution.Actions;
        return
        [
            .. basis.Plan.Actions
                .Where(action => !records.TryGetValue(action.ActionId, out var record) || record.IsOpen)
                .OrderByDescending(action => action.ActionId == running?.ActionId),
        ];
    }

    private PlannedAction? Current(List<PlannedAction> open) => open is [var first, ..] && first.ActionId == running?.ActionId ? first : null;

    private void Bound(List<PlannedAction> open)
    {
        var isRunning = Current(open) is not null;
        var (earliest, latest) = (start, behind ? (DateTimeOffset?)null : start);
        if (running is not null && !isRunning)
        {
            latest = null;
        }
        foreach (var action in open)
        {
            var first = steps.Count == 0;
            var (shortest, longest) = first && isRunning ? (rest.Shortest, rest.Longest) : (action.Duration.Min, action.Duration.Max);
            var end = earliest.Plus(shortest);
            latest = longest is { } span ? latest?.Plus(span) : null;
            steps.Add(new(action, first && isRunning ? DateTimeOffset.MinValue : earliest, end, latest));
            earliest = end;
        }
    }

    /// <summary>
    /// What was under way when the lease or the window ended may still have been finished within the stop time; what
    /// had not begun by then has not begun.
    /// </summary>
    private DateTimeOffset Reach(DateTimeOffset begun) => limit is not { } end || now <= end ? now
        : begun > end ? DateTimeOffset.MinValue
        : Instants.Min(now, end.Plus(basis.Plan.Scope.StopTime))!.Value;

    private bool IsPossible(int at) => at == 0 && stands
        || (!stands
            && (at == 0 || steps[at].EarliestStart <= Reach(steps[at - 1].EarliestStart))
            && !(steps[at].LatestEnd <= Instants.Min(now, limit)));

    private ActionStatus Status(int at, List<int> possible)
    {
        var begun = at == 0 && running is not null && !Extra;
        if (stands)
        {
            return begun ? ActionStatus.Paused : ActionStatus.Waiting;
        }
        var named = possible is [var only] ? only == at : begun && (possible.Count == 0 || possible.Contains(at));
        if (named && (begun || (now >= start && !behind)))
        {
            return limit < now ? ActionStatus.Paused : ActionStatus.Running;
        }
        // The last one is never said to be over: that would end the contract.
        return possible.Count > 0 && at < possible[0] ? ActionStatus.Finished : ActionStatus.Waiting;
    }

    /// <summary>A plan accepted since, of which the journal knows nothing yet, has put the failure behind.</summary>
    private bool HasFailed => basis.Execution.Status == ExecutionStatus.Failed && basis.Plan.Revision <= basis.Execution.Revision;

    private string? Failed() => HasFailed
        ? basis.Execution.Executed.LastOrDefault(record => record.Status == ActionStatus.Failed)?.ActionId
        : null;

    private DateTimeOffset? Reached(DateTimeOffset? end) => stands || end > limit ? null : end;

    private ProgressEstimate Progress()
    {
        var total = basis.Plan.Actions.Sum(action => action.Duration.Mean.TotalSeconds);
        var records = basis.Execution.Actions;
        var done = basis.Plan.Actions
            .Where(action => records.TryGetValue(action.ActionId, out var record) && record.Status == ActionStatus.Finished)
            .Sum(action => action.Duration.Mean.TotalSeconds);
        var unknown = behind || Extra;
        var low = Walk(unknown ? TimeSpan.Zero : Spent, rest.Longest, action => action.Max);
        var high = Walk(Spent, rest.Shortest, action => action.Min);
        var expected = unknown ? low
            // It stays current, however long it has run.
            : Refuted ? steps[0].Action.Duration.Mean.TotalSeconds * (basis.Progress ?? 1)
            : Walk(Spent, rest.Mean, action => action.Mean);
        double Share(double walked) => total > 0 ? Math.Clamp((done + walked) / total, 0, 1) : 0;
        return new(Share(low), Share(Math.Clamp(expected, low, Math.Max(low, high))), Share(Math.Max(low, high)));
    }

    /// <summary>The time there was to advance since the evidence.</summary>
    private TimeSpan Spent
    {
        get
        {
            var until = Instants.Min(now, limit)!.Value;
            return stands || until <= start ? TimeSpan.Zero : until - start;
        }
    }

    /// <summary>How much of the open actions, in seconds of their means, is done if each takes as long as given.</summary>
    private double Walk(TimeSpan time, TimeSpan? currentRest, Func<ActionDuration, TimeSpan> length)
    {
        var walked = 0.0;
        for (var at = 0; at < steps.Count; at++)
        {
            var duration = steps[at].Action.Duration;
            var isRunning = at == 0 && running is not null && !Extra;
            var takes = isRunning ? currentRest : length(duration);
            var before = isRunning ? Begun(takes) : 0;
            if (takes is not { } needed || time < needed)
            {
                return walked + duration.Mean.TotalSeconds * (before + (1 - before) * (takes is { } whole ? time / whole : 0));
            }
            walked += duration.Mean.TotalSeconds;
            time -= needed;
        }
        return walked;
    }

    /// <summary>The share of the running action that was done at the evidence, if it takes so much longer.</summary>
    private double Begun(TimeSpan? takes)
    {
        var elapsed = running!.ElapsedAt(basis.EvidenceAt) ?? TimeSpan.Zero;
        return basis.Progress ?? (takes is { } rest && elapsed + rest > TimeSpan.Zero ? elapsed / (elapsed + rest) : 0);
    }
}
