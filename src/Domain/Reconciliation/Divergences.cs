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
        Contract plan, Execution execution, Estimate? frozen, Snapshot? snapshot, bool completed, DateTimeOffset at)
    {
        SeqRange[] lost = [.. execution.Lost.Where(range => range.To > execution.AcceptedSeq)];
        var flow = Flow(plan, execution, completed, lost);
        var time = new Measure(null, Time(execution, frozen));
        var space = new Measure(null, Space(plan, frozen, snapshot));
        var data = Data(plan, execution);
        var level = flow.Value is null ? DivergenceLevel.Undetermined
            : flow.Fitness < plan.Tolerance.MinFitness || data.Value > 0 ? DivergenceLevel.Major
            : flow.Value > 0 ? DivergenceLevel.Minor
            : DivergenceLevel.Consistent;
        var dominant = flow.Value is null || (flow.Value > 0 && flow.Value >= data.Value) ? "flow" : data.Value > 0 ? "data" : null;
        return new(level, dominant, flow, time, space, data, lost, Summary(flow, data), at, plan.Revision);
    }

    /// <summary>Whether the Planner is to be asked: major or undetermined, by something the settled judgement had not.</summary>
    /// <param name="now">The judgement.</param>
    /// <param name="settled">The last judgement the Planner answered by keeping the plan; null if there is none.</param>
    public static bool CallsForReplan(Divergence now, Divergence? settled)
    {
        if (now.Level is DivergenceLevel.Consistent or DivergenceLevel.Minor)
        {
            return false;
        }
        if (settled is null || settled.Revision != now.Revision)
        {
            return true;
        }
        // The same deviation may be told differently once more is executed; it never costs more.
        return now.Flow.Cost > (settled.Flow.Cost ?? 0)
            || now.Lost.Except(settled.Lost).Any()
            || now.Data.Others.Except(settled.Data.Others).Any();
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

    private static string Time(Execution execution, Estimate? frozen) =>
        frozen is null ? "there was no projection"
        : execution.Clamped ? "the device's clock was corrected"
        : "the projection has no quantiles";

    private static string Space(Contract plan, Estimate? frozen, Snapshot? snapshot) =>
        frozen is null ? "there was no projection"
        : snapshot?.Position is null ? "no position"
        : plan.Actions.All(action => action.Path is null) ? "no path"
        : "the projection has no position";

    private static DataMeasure Data(Contract plan, Execution execution)
    {
        var hashes = plan.Data.ToDictionary(item => item.Name, item => item.Sha256, StringComparer.Ordinal);
        DataUse[] others = [.. execution.Used.Where(use => hashes.TryGetValue(use.Name, out var hash) && hash != use.Sha256)];
        return new(others.Length > 0 ? 1 : 0, others);
    }

    private static string Summary(FlowMeasure flow, DataMeasure data)
    {
        string[] findings =
        [
            .. flow.Why is { } why ? [why] : Array.Empty<string>(),
            .. flow.Skipped.Select(action => $"{action} was skipped"),
            .. flow.Extra.Select(action => $"{action} was done besides the plan"),
            .. data.Others.Select(use => $"{use.ActionId ?? "an action"} used other data as {use.Name}"),
        ];
        return findings.Length == 0 ? "as planned"
            : string.Join("; ", findings.Take(5)) + (findings.Length > 5 ? $"; and {findings.Length - 5} more" : "");
    }

    private static string Words(SeqRange range) => range.From == range.To ? $"{range.From}" : $"{range.From} to {range.To}";
}
