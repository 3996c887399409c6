using MathNet.Numerics;

namespace ExecutionManager.Domain.Tests;

/// <summary>A second implementation of the sums: exact masses on one fine grid, convolved cell by cell.</summary>
internal sealed class Reference
{
    private readonly double step;
    private double[] mass = [1];
    private double origin;

    public Reference(double step) => this.step = step;

    public static double Beta(ActionDuration duration, double length)
    {
        var (min, mode, max) = (duration.Min.TotalSeconds, duration.Mode.TotalSeconds, duration.Max.TotalSeconds);
        var width = max - min;
        return length <= min ? 0 : length >= max ? 1
            : SpecialFunctions.BetaRegularized(1 + 4 * (mode - min) / width, 1 + 4 * (max - mode) / width, (length - min) / width);
    }

    /// <summary>P(the rest ≤ r) of a running action by the words of the pages.</summary>
    public static double Rest(ActionDuration duration, double? elapsed, double? progress, double r)
    {
        var max = duration.Max.TotalSeconds;
        if (elapsed is { } e && r >= max - e)
        {
            return 1;
        }
        var before = elapsed is { } since ? Beta(duration, since) : 0;
        var length = progress is { } p ? r / (1 - p) : r + elapsed!.Value;
        return duration.Min == duration.Max ? length >= max ? 1 : 0
            : Math.Max(0, (Beta(duration, length) - before) / (1 - before));
    }

    public void Begin(ActionDuration duration, double? elapsed, double? progress) =>
        Take(r => Rest(duration, elapsed, progress, r), 0, duration.Max.TotalSeconds);

    public void Add(ActionDuration duration)
    {
        if (duration.Min == duration.Max)
        {
            origin += duration.Min.TotalSeconds;
        }
        else
        {
            Take(length => Beta(duration, length), duration.Min.TotalSeconds, duration.Max.TotalSeconds);
        }
    }

    public double By(double t)
    {
        var at = (t - origin) / step + 0.5;
        var cell = (int)Math.Floor(at);
        return cell < 0 ? 0 : cell >= mass.Length ? 1 : mass[..cell].Sum() + (at - cell) * mass[cell];
    }

    public double Quantile(double probability)
    {
        var (reached, cell) = (0.0, 0);
        while (cell < mass.Length - 1 && reached + mass[cell] < probability)
        {
            reached += mass[cell++];
        }
        return origin + (cell - 0.5 + (mass[cell] > 0 ? (probability - reached) / mass[cell] : 0)) * step;
    }

    private void Take(Func<double, double> reached, double from, double to)
    {
        var cells = (int)Math.Ceiling((to - from) / step + 1e-9);
        var piece = Enumerable.Range(0, cells).Select(at => reached(from + (at + 1) * step) - (at == 0 ? 0 : reached(from + at * step))).ToArray();
        var sum = new double[mass.Length + cells - 1];
        for (var i = 0; i < mass.Length; i++)
        {
            for (var k = 0; k < cells; k++)
            {
                sum[i + k] += mass[i] * piece[k];
            }
        }
        origin += from + step / 2;
        mass = sum;
    }
}
