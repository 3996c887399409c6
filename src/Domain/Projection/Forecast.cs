namespace ExecutionManager.Domain;

/// <summary>What an envelope comes to at one instant: how probable each action is, when it ends, and where the device is.</summary>
internal sealed class Forecast
{
    /// <summary>The most that is said of the end of all before the latest instant of it.</summary>
    private const double AlmostSure = 0.9999;

    private readonly Envelope envelope;
    private readonly DateTimeOffset now;
    private readonly double minProbability;
    private readonly double spent;
    private readonly double stopped;
    private readonly double restMean;
    private readonly Odds[] odds;
    private readonly bool isOver;
    private readonly double? expected;

    public Forecast(Envelope envelope, DateTimeOffset now, double minProbability)
    {
        this.envelope = envelope;
        this.now = Instants.Max(now, envelope.Basis.EvidenceAt);
        this.minProbability = minProbability;
        (spent, stopped) = (envelope.Until(this.now), envelope.UntilStopped(this.now));
        odds = new Odds[envelope.Steps.Count];
        var sum = new DurationSum();
        var (before, beforeStops, best) = (1.0, 1.0, 0.0);
        for (var at = 0; at < odds.Length; at++)
        {
            var step = envelope.Steps[at];
            var share = step.Action.Path is not null && before > best && !(step.Latest <= spent) ? Share(at, sum) : null;
            if (at == 0)
            {
                restMean = envelope.First(sum).Mean;
            }
            else
            {
                sum.Add(step.Action.Duration);
            }
            var (ended, endedStops) = (step.Ended(sum, spent), step.Ended(sum, stopped));
            odds[at] = new(
                Math.Max(0, before - ended), Math.Max(0, before - endedStops), Quantile(step, sum, 0.05), Quantile(step, sum, 0.5), Quantile(step, sum, 0.95));
            if (odds[at].Current > best)
            {
                (best, expected) = (odds[at].Current, share);
            }
            (before, beforeStops) = (ended, endedStops);
        }
        Finished = before;
        isOver = spent >= (envelope.Steps is [.., var end] ? end.Latest : null);
    }

    /// <summary>The probability of being current; the least of it, whatever the device finished while it stopped; the quantiles of the end.</summary>
    private readonly record struct Odds(double Current, double Surely, double Q05, double Q50, double Q95);

    /// <summary>The probability that all ended in time, by the durations alone.</summary>
    public double Finished { get; }

    public Estimate Estimate()
    {
        var basis = envelope.Basis;
        var failed = Failed();
        var likely = Likely();
        var (current, certain) = Name(likely);
        return new(
            now,
            basis.EvidenceAt,
            basis.RevisionInDoubt ? null : current,
            Speaks ? Math.Min(Rounded(Finished), odds.Length > 0 ? AlmostSure : 1) : envelope.Stands || Waits ? 0 : null,
            [.. failed is null ? Array.Empty<ActionEstimate>() : [new(failed, ActionStatus.Failed, 1, null, null)],
            .. envelope.Steps.Select((step, at) => new ActionEstimate(
                step.Action.ActionId, Status(at, likely), Probability(at), Reached(step.Earliest), Reached(step.Latest),
                Quantile(odds[at].Q05), Quantile(odds[at].Q50), Quantile(odds[at].Q95)))],
            new Walk(envelope, restMean, isOver).Progress(spent),
            envelope.Steps is [.., var last]
                ? new(Reached(last.Earliest), Quantile(odds[^1].Q05), Quantile(odds[^1].Q50), Quantile(odds[^1].Q95), Reached(last.Latest))
                : new(null, null, null, null, null),
            certain && !basis.RevisionInDoubt ? EstimateCertainty.Projected : EstimateCertainty.Inconclusive,
            Whereabouts(likely));
    }

    /// <summary>There is a distribution, and the device goes by it.</summary>
    private bool Goes => envelope is { HasDistribution: true, Stands: false };

    /// <summary>Past the latest end it is over, or something happened that the durations do not know: nothing is claimed.</summary>
    private bool Speaks => Goes && !isOver;

    /// <summary>The action whose failure the device stands at; null for one that stands for another reason.</summary>
    private string? Failed() =>
        envelope is { HasFailed: true, IsRunning: false, IsForeign: false } && envelope.Basis.Execution.Executed is [.., { Status: ActionStatus.Failed } last] ? last.ActionId : null;

    /// <summary>Before the other contract can be over, this one has not begun.</summary>
    private bool Waits => envelope is { IsBehind: true, Stands: false } && now < envelope.Basis.FreeFrom;

    private double? Probability(int at) => Speaks ? Rounded(odds[at].Current)
        : Failed() is not null ? 0
        : (envelope.Stands && !envelope.IsForeign) || Waits ? at == 0 ? 1 : 0
        : null;

    private static double Rounded(double probability) => Math.Round(Math.Clamp(probability, 0, 1), 4);

    /// <summary>To a tenth of a second: it is no more exact.</summary>
    private static double Quantile(Envelope.Step step, DurationSum sum, double probability) =>
        Math.Clamp(Math.Round(sum.Quantile(probability), 1), step.Earliest, Math.Max(step.Earliest, step.Latest ?? double.MaxValue));

    /// <summary>The most likely action; of all that may be over, the last one: it is never said to be finished. -1 where nothing is known.</summary>
    private int Likely()
    {
        if (!Speaks)
        {
            return envelope.IsForeign || envelope.IsBehind || odds.Length == 0 || (isOver && !envelope.IsRunning) ? -1 : 0;
        }
        var best = odds.Length - 1;
        for (var at = odds.Length - 1; at >= 0; at--)
        {
            best = odds[at].Current >= odds[best].Current && odds[at].Current > 0 ? at : best;
        }
        return best;
    }

    private (string? Action, bool Certain) Name(int likely)
    {
        var execution = envelope.Basis.Execution;
        if (Failed() is { } failed)
        {
            return (failed, true);
        }
        if (envelope.IsForeign)
        {
            return (execution.Running!.ActionId, false);
        }
        if (envelope.IsRefuted)
        {
            return (envelope.Open[0].ActionId, false);
        }
        var certain = odds.Length > 0 && (Speaks ? odds[likely].Surely >= minProbability && odds[likely].Surely > 0 : envelope.Stands || Waits);
        return (certain ? envelope.Open[Math.Max(likely, 0)].ActionId : null, certain);
    }

    private ActionStatus Status(int at, int likely)
    {
        var begun = envelope.IsRunning && at == 0;
        if (envelope.Stands)
        {
            return begun ? ActionStatus.Paused : ActionStatus.Waiting;
        }
        if (at < likely)
        {
            return ActionStatus.Finished;
        }
        return at == likely && (begun || now >= envelope.Start)
            ? envelope.Limit < now ? ActionStatus.Paused : ActionStatus.Running
            : ActionStatus.Waiting;
    }

    private DateTimeOffset? Quantile(double seconds) => Goes ? Reached(seconds) : null;

    private DateTimeOffset? Reached(double? seconds)
    {
        if (envelope.Stands || seconds is not { } known)
        {
            return null;
        }
        var at = envelope.Start.Plus(TimeSpan.FromSeconds(Math.Min(known, 1e11)));
        return at > envelope.Limit ? null : at;
    }

    /// <summary>Along the path of the most likely action; every place on the path of any action that is possible is within the radius.</summary>
    private PositionEstimate? Whereabouts(int likely)
    {
        if (likely < 0 || isOver || envelope.HasFailed || !(envelope.HasDistribution || envelope.Stands)
            || Status(likely, likely) is not (ActionStatus.Running or ActionStatus.Paused)
            || PathLine.Of(envelope.Open[likely], envelope.Basis.Plan.Frame) is not { } path)
        {
            return null;
        }
        var (low, high) = Fractions(likely);
        var place = path.At(Math.Clamp(expected ?? (low + high) / 2, low, high));
        var radius = 0.0;
        for (var at = 0; at < odds.Length; at++)
        {
            if (IsPossible(at) && (at == likely ? path : PathLine.Of(envelope.Open[at], envelope.Basis.Plan.Frame)) is { } other)
            {
                var (from, to) = Fractions(at);
                radius = Math.Max(radius, other.Between(from, to).Max(one => Metres.Between(envelope.Basis.Plan.Frame, place, one)));
            }
        }
        return new(place, radius);
    }

    private bool IsPossible(int at) => envelope.Steps[at] is var step && (at == 0 || (!envelope.Stands && step.EarliestStart <= stopped)) && !(step.Latest <= spent);

    /// <summary>How much of an action is done at least and at most, if it is the current one.</summary>
    private (double Low, double High) Fractions(int at)
    {
        var (step, duration) = (envelope.Steps[at], envelope.Open[at].Duration);
        return at == 0 && envelope.IsRunning
            ? (step.Latest is { } longest ? Begun(spent, longest) : 1, Begun(stopped, step.Earliest, envelope.Slack))
            : (step.LatestStart is { } latest ? Share(spent - latest, duration.Max.TotalSeconds) : 0, Share(stopped - step.EarliestStart, duration.Min.TotalSeconds));
    }

    private static double Share(double since, double takes) => Math.Clamp(since / takes, 0, 1);

    /// <summary>The share of the running action that is done if its rest takes so long.</summary>
    private double Begun(double since, double rest, double more = 0) => since >= rest ? 1
        : envelope.Progress is { } progress ? progress + (1 - progress) * since / rest
        : envelope.Elapsed is { } elapsed ? (elapsed + more + since) / (elapsed + more + rest)
        : since / rest;

    /// <summary>The expected share of an action that is done, given that it is the current one; the sum is of those before it.</summary>
    private double? Share(int at, DurationSum sum)
    {
        if (at == 0 && envelope.IsRunning)
        {
            return envelope.First(new DurationSum()).Expect(rest => rest > spent ? (1, Begun(spent, rest, envelope.Slack / 2)) : default);
        }
        var beyond = new Beyond(envelope.Open[at].Duration);
        return sum.Expect(ends => ends <= spent ? beyond.Share(spent - ends) : default);
    }
}
