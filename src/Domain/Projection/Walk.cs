namespace ExecutionManager.Domain;

/// <summary>How much of the plan is done if its actions take shortest, as long as expected, or longest.</summary>
internal sealed class Walk(Envelope envelope, double restMean, bool isOver)
{
    public ProgressEstimate Progress(double spent)
    {
        var plan = envelope.Basis.Plan.Actions;
        var records = envelope.Basis.Execution.Actions;
        var total = plan.Sum(action => Pert.Mean(action.Duration));
        var done = plan
            .Where(action => records.TryGetValue(action.ActionId, out var record) && record.Status == ActionStatus.Finished)
            .Sum(action => Pert.Mean(action.Duration));
        var unknown = envelope.IsBehind || envelope.IsForeign || isOver;
        var low = Done(unknown ? 0 : spent, envelope.IsRunning ? envelope.Steps[0].Latest : null, action => action.Max.TotalSeconds);
        var high = Done(spent, envelope.IsRunning ? envelope.Steps[0].Earliest : null, action => action.Min.TotalSeconds, envelope.Slack);
        var expected = unknown ? low
            // It stays current, however long it has run.
            : envelope.IsRefuted ? Pert.Mean(envelope.Open[0].Duration) * (envelope.Progress ?? 1)
            : Done(spent, restMean, Pert.Mean);
        double Share(double walked) => total > 0 ? Math.Clamp((done + walked) / total, 0, 1) : 0;
        return new(Share(low), Share(Math.Clamp(expected, low, Math.Max(low, high))), Share(Math.Max(low, high)));
    }

    /// <summary>How much of the open actions, in seconds of their means, is done after a time if each takes as long as given.</summary>
    private double Done(double time, double? rest, Func<ActionDuration, double> length, double slack = 0)
    {
        var walked = 0.0;
        for (var at = 0; at < envelope.Open.Count; at++)
        {
            var duration = envelope.Open[at].Duration;
            var isRunning = at == 0 && envelope.IsRunning;
            var takes = isRunning ? rest : length(duration);
            var before = isRunning ? Begun(takes, slack) : 0;
            if (takes is not { } needed || time < needed)
            {
                return walked + Pert.Mean(duration) * (before + (1 - before) * (takes is { } whole ? time / whole : 0));
            }
            walked += Pert.Mean(duration);
            time -= needed;
        }
        return walked;
    }

    /// <summary>The share of the running action that was done at the evidence, if it takes so much longer.</summary>
    private double Begun(double? rest, double slack)
    {
        var elapsed = (envelope.Elapsed ?? 0) + slack;
        return envelope.Progress ?? (rest is { } takes && elapsed + takes > 0 ? elapsed / (elapsed + takes) : 0);
    }
}
