using MathNet.Numerics;

namespace ExecutionManager.Domain;

/// <summary>Estimates how far a device is while nobody hears from it.</summary>
public static class Projection
{
    /// <summary>
    /// What may be said for an instant; an instant before the evidence counts as the evidence's. Never says that the
    /// contract is finished, and names a current action only if no other is possible.
    /// </summary>
    public static Estimate At(ProjectionBasis basis, DateTimeOffset now) => new Envelope(basis, now).Estimate();

    /// <summary>How much longer the running action takes; no longest if the model is refuted or knows nothing.</summary>
    internal readonly record struct Residual(TimeSpan Shortest, TimeSpan Mean, TimeSpan? Longest);

    internal static Residual Rest(ActionDuration duration, TimeSpan? elapsed, double? progress)
    {
        var left = 1 - Math.Clamp(progress ?? 0, 0, 1);
        if (elapsed is not { } e)
        {
            return new(progress is null ? TimeSpan.Zero : left * duration.Min, left * duration.Mean, left * duration.Max);
        }
        if (e >= duration.Max)
        {
            return new(TimeSpan.Zero, TimeSpan.Zero, null);
        }
        var longest = duration.Max - e;
        var mean = MeanBeyond(duration, e);
        return progress is null
            ? new(duration.Min > e ? duration.Min - e : TimeSpan.Zero, mean - e, longest)
            : new(TimeSpan.Zero, left * mean < longest ? left * mean : longest, longest);
    }

    /// <summary>E[D | D &gt; e] of the PERT-beta duration.</summary>
    private static TimeSpan MeanBeyond(ActionDuration duration, TimeSpan elapsed)
    {
        var width = (duration.Max - duration.Min).TotalSeconds;
        var x = (elapsed - duration.Min).TotalSeconds / width;
        if (!(x > 0))
        {
            return duration.Mean;
        }
        var alpha = 1 + 4 * (duration.Mode - duration.Min).TotalSeconds / width;
        var beta = 1 + 4 * (duration.Max - duration.Mode).TotalSeconds / width;
        var beyond = 1 - SpecialFunctions.BetaRegularized(alpha, beta, x);
        var mean = alpha / (alpha + beta) * (1 - SpecialFunctions.BetaRegularized(alpha + 1, beta, x)) / beyond;
        // So far in the tail the two differences have no digits left.
        return beyond < 1e-9 ? (elapsed + duration.Max) / 2 : duration.Min + TimeSpan.FromSeconds(Math.Clamp(mean, x, 1) * width);
    }
}
