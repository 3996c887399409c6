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
    /// <param name="inTime">The probability of being done before the window ends, by the actuals; null if there is no such end or it cannot be told.</param>
    public static Divergence Judge(
        Contract plan, Execution execution, Estimate? frozen, Snapshot? snapshot, bool completed, DateTimeOffset at, double? inTime = null)
    {
        SeqRange[] lost = [.. execution.Lost.Where(range => range.To > execution.AcceptedSeq)];
        var flow = Flow(plan, execution, completed, lost);
        var ends = frozen is null || execution.Clamped ? [] : Ends(execution, frozen);
        var time = Time(plan, execution, frozen, ends.Select(end => end.End));
        var space = Space(plan, frozen, snapshot);
        var data = Data(plan, execution);
        var atRisk = inTime < 0.5 && !completed;
        var level = flow.Value is null ? DivergenceLevel.Undetermined
            : flow.Fitness < plan.Tolerance.MinFitness || data.Value > 0 || Exceeds(plan, time) || Exceeds(plan, space) ? DivergenceLevel.Major
            : flow.Value > 0 || time.Value > 0 || space.Value > 0 ? DivergenceLevel.Minor
            : DivergenceLevel.Consistent;
        return new(
            level, Dominant(flow, time, space, data), flow, time, space, data, lost, Summary(flow, time, space, data, atRisk), at, plan.Revision,
            atRisk, EndsInside: ends.Count(end => end.Inside == true), EndsOutside: ends.Count(end => end.Inside == false));
    }

    /// <summary>
    /// Whether the Planner is to be asked, and why: major, undetermined or about to miss the window, by something the
    /// settled judgement had not.
    /// </summary>
    /// <param name="plan">The revision in force.</param>
    /// <param name="now">The judgement.</param>
    /// <param name="settled">The last judgement the Planner answered by keeping the plan; null if there is none.</param>
    public static ReplanCause? CallsForReplan(Contract plan, Divergence now, Divergence? settled)
    {
        var before = settled?.Revision == now.Revision ? settled : null;
        // The same deviation may be told differently once more is executed; it never costs more. Times and places are
        // compared with a projection of their own each time.
        var diverged = now.Level is DivergenceLevel.Major or DivergenceLevel.Undetermined
            && (before is null
                || now.Flow.Cost > (before.Flow.Cost ?? 0)
                || now.Lost.Except(before.Lost).Any()
                || now.Data.Others.Except(before.Data.Others).Any()
                || (now.At > before.At && (Exceeds(plan, now.Time) || Exceeds(plan, now.Space))));
        return diverged ? ReplanCause.Divergence
            : now.WindowAtRisk && before is not { WindowAtRisk: true } ? ReplanCause.WindowAtRisk
            : null;
    }

    private static bool Exceeds(Contract plan, TimeMeasure time) => time.Deviation > plan.Tolerance.Schedule;

    private static bool Exceeds(Contract plan, SpaceMeasure space) => space.Beyond > plan.Tolerance.Position;

    private static string? Dominant(FlowMeasure flow, TimeMeasure time, SpaceMeasure space, DataMeasure data)
    {
        if (flow.Value is null)
        {
            return "flow";
        }
        var (name, value) = new[] { ("flow", flow.Value), ("time", time.Value), ("space", space.Value), ("data", data.Value) }.MaxBy(measure => measure.Item2 ?? 0);
        return value > 0 ? name : null;
    }

    private static FlowMeasure Flow(Contract plan, Execution execution, bool completed, SeqRange[] lost)
    {
        if (lost.Length > 0)
        {
            return new(null, null, null, [], [], $"journal entries {string.Join(", ", lost.Select(Words))} are lost");
        }
        // What an earlier revision finished and this one names again is skipped by the device, as it should be.
        var done = execution.Executed
            .Where(record => record.Revision < plan.Revision && record.Status == ActionStatus.Finished)
            .Select(record => record.ActionId)
            .ToHashSet(StringComparer.Ordinal);
        FlowStep[] planned = [.. plan.Actions.Where(action => !done.Contains(action.ActionId)).Select(action => new FlowStep(action.ActionId, action.Idempotent))];
        var named = planned.Select(step => step.ActionId).ToHashSet(StringComparer.Ordinal);
        var idempotent = planned.Where(step => step.Idempotent).Select(step => step.ActionId).ToHashSet(StringComparer.Ordinal);
        FlowStep[] executed = [.. execution.Executed
            // What still runs from an earlier revision goes on if this one names it, else the device stops it.
            .Where(record => record.Revision == plan.Revision || (record.IsOpen && named.Contains(record.ActionId)))
            .Where(record => record.Status != ActionStatus.Stopped)
            .Select(record => new FlowStep(record.ActionId, idempotent.Contains(record.ActionId)))];
        var result = Alignment.Align(executed, planned, completed);
        return new(1 - result.Fitness, result.Fitness, result.Cost, result.Skipped, result.Extra, null);
    }

    /// <summary>The observed ends of which a band was projected, how far outside of it they lie, and whether they are inside, if that is known.</summary>
    private static List<(TimeMeasure End, bool? Inside)> Ends(Execution execution, Estimate frozen)
    {
        var ends = new List<(TimeMeasure, bool?)>();
        var records = execution.Actions;
        foreach (var action in frozen.Actions)
        {
            if (action.Q05 is { } from && records.TryGetValue(action.ActionId, out var record) && record is { Status: ActionStatus.Finished, EndedAt: { } ended })
            {
                // An end that a snapshot showed may have been any time since the one before.
                var since = ended - record.Slack;
                var outside = ended < from ? from - ended : since > action.Q95 ? since - action.Q95.Value : TimeSpan.Zero;
                ends.Add((new(null, null, action.ActionId, from, action.Q95, ended, outside), action.Q95 is null || (outside == TimeSpan.Zero && !(since >= from && ended <= action.Q95)) ? null : outside == TimeSpan.Zero));
            }
        }
        return ends;
    }

    private static TimeMeasure Time(Contract plan, Execution execution, Estimate? frozen, IEnumerable<TimeMeasure> ends)
    {
        if (frozen is null)
        {
            return new(null, "there was no projection");
        }
        if (execution.Clamped)
        {
            return new(null, "the device's clock was corrected");
        }
        if (frozen.Actions is [var first, ..] && first.Q05 is null)
        {
            return new(null, "the projection has no quantiles");
        }
        var worst = ends.Select(end => end with { Value = Math.Min(1, end.Deviation / Width(plan, end)) }).MaxBy(end => end.Value);
        return worst is { Value: > 0 } ? worst : new(0);
    }

    private static TimeSpan Width(Contract plan, TimeMeasure end) =>
        new[] { end.To - end.From ?? TimeSpan.Zero, plan.Tolerance.Schedule, TimeSpan.FromSeconds(1) }.Max();

    private static SpaceMeasure Space(Contract plan, Estimate? frozen, Snapshot? snapshot)
    {
        if (frozen is null)
        {
            return new(null, "there was no projection");
        }
        if (snapshot?.Position is not [_, _, ..])
        {
            return new(null, "no position");
        }
        if (frozen.Position is not { } projected)
        {
            return new(null, plan.Actions.All(action => action.Path is null) ? "no path" : "the projection has no position");
        }
        var beyond = Math.Max(0, Metres.Between(plan.Frame, projected.Expected, snapshot.Position) - projected.Radius);
        return new(beyond > 0 ? Math.Min(1, beyond / plan.Tolerance.Position) : 0, null, beyond);
    }

    private static DataMeasure Data(Contract plan, Execution execution)
    {
        var hashes = plan.Data.ToDictionary(item => item.Name, item => item.Sha256, StringComparer.Ordinal);
        DataUse[] others = [.. execution.Used.Where(use => hashes.TryGetValue(use.Name, out var hash) && hash != use.Sha256)];
        return new(others.Length > 0 ? 1 : 0, others);
    }

    private static string Summary(FlowMeasure flow, TimeMeasure time, SpaceMeasure space, DataMeasure data, bool atRisk)
    {
        string[] findings =
        [
            .. flow.Why is { } why ? [why] : Array.Empty<string>(),
            .. flow.Skipped.Select(action => $"{action} was skipped"),
            .. flow.Extra.Select(action => $"{action} was done besides the plan"),
            .. time.Deviation > TimeSpan.Zero ? [$"{time.Action} ended {Words(time.Deviation)} {(time.EndedAt < time.From ? "before" : "after")} the expected band"] : Array.Empty<string>(),
            .. space.Beyond > 0 ? [FormattableString.Invariant($"the device was {space.Beyond:0.#} m outside the expected region")] : Array.Empty<string>(),
            .. data.Others.Select(use => $"{use.ActionId ?? "an action"} used other data as {use.Name}"),
            .. atRisk ? ["it will rather not be done before its window ends"] : Array.Empty<string>(),
        ];
        return findings.Length == 0 ? "as planned"
            : string.Join("; ", findings.Take(5)) + (findings.Length > 5 ? $"; and {findings.Length - 5} more" : "");
    }

    private static string Words(SeqRange range) => range.From == range.To ? $"{range.From}" : $"{range.From} to {range.To}";

    private static string Words(TimeSpan span) => span < TimeSpan.FromMinutes(2)
        ? FormattableString.Invariant($"{Math.Max(0.1, Math.Round(span.TotalSeconds, 1))} s")
        : $"{(long)span.TotalMinutes} min {span.Seconds} s";
}
