namespace ExecutionManager.Domain;

/// <summary>What a projection was worth, known once the actuals are here.</summary>
public static class Hindsight
{
    private const int MostInstants = 600;

    /// <summary>
    /// The age of incorrect information: how long the most likely action that the projection showed was another than the
    /// one the journal shows. Between two actions the next one of the plan counts; null where it is not known when one began or ended.
    /// </summary>
    /// <param name="basis">What was projected from.</param>
    /// <param name="actual">What the journal says now.</param>
    /// <param name="from">When the device was lost.</param>
    /// <param name="until">When it was back.</param>
    public static TimeSpan? IncorrectFor(ProjectionBasis basis, Execution actual, DateTimeOffset from, DateTimeOffset until)
    {
        if (actual.Executed.Any(record => !(record.EndedAt <= from) && !IsDated(record)))
        {
            return null;
        }
        if (until <= from)
        {
            return TimeSpan.Zero;
        }
        var instants = (int)Math.Clamp(Math.Ceiling((until - from).TotalSeconds), 1, MostInstants);
        DateTimeOffset[] at = [.. Enumerable.Range(0, instants).Select(one => from + (one + 0.5) / instants * (until - from))];
        var shown = Shown(new Envelope(basis), at);
        return at.Where((instant, one) => shown[one] != Shows(basis.Plan, actual, instant)).Count() / (double)instants * (until - from);
    }

    private static bool IsDated(ActionRecord record) => record.Slack == TimeSpan.Zero && record.StartedAt is not null && (record.IsOpen || record.EndedAt is not null);

    /// <summary>The most likely action at each instant; null once the end of all is likelier, or where none was named.</summary>
    private static string?[] Shown(Envelope envelope, DateTimeOffset[] at)
    {
        if (envelope.IsForeign || envelope.IsRefuted || !envelope.HasDistribution || envelope.Stands)
        {
            var named = envelope.IsForeign ? envelope.Basis.Execution.Running!.ActionId
                : envelope.HasFailed ? null
                : envelope.Open is [var first, ..] ? first.ActionId : null;
            return [.. at.Select(_ => named)];
        }
        double[] spent = [.. at.Select(envelope.Until)];
        var (shown, best, before) = (new string?[at.Length], new double[at.Length], new double[at.Length]);
        Array.Fill(before, 1);
        var sum = new DurationSum();
        for (var action = 0; action < envelope.Steps.Count; action++)
        {
            var step = envelope.Steps[action];
            _ = action == 0 ? envelope.First(sum) : sum.Add(step.Action.Duration);
            for (var one = 0; one < at.Length; one++)
            {
                var ended = step.Ended(sum, spent[one]);
                if (before[one] - ended > best[one])
                {
                    (best[one], shown[one]) = (before[one] - ended, step.Action.ActionId);
                }
                before[one] = ended;
            }
        }
        return [.. shown.Select((action, one) => before[one] > best[one] ? null : action)];
    }

    private static string? Shows(Contract plan, Execution actual, DateTimeOffset at) =>
        actual.Executed.LastOrDefault(record => record.StartedAt <= at && (record.IsOpen || record.EndedAt > at))?.ActionId
        ?? plan.Actions.FirstOrDefault(action => actual.Of(action.ActionId) is not { } record || record.IsOpen || record.EndedAt > at)?.ActionId;
}
