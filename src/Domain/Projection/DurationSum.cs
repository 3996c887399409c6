using System.Numerics;

namespace ExecutionManager.Domain;

/// <summary>
/// The distribution of the time that a row of actions takes: numerical convolution on an even grid that grows coarser as
/// the sum grows wider, read with the exact mean and variance. In seconds.
/// </summary>
internal sealed class DurationSum
{
    private const int Cells = 128;

    // Beyond six standard deviations nothing is kept: of 500 actions the envelope is far wider than what can be seen.
    private const double Reach = 12;
    private const double Negligible = 1e-12;

    private readonly double[] piece = new double[Cells + 1];
    private readonly double[] reached = new double[2 * Cells + 2];
    private double[] mass = new double[2 * Cells + 2];
    private double[] spare = new double[2 * Cells + 2];
    private int count = 1;
    private double origin;
    private double step;
    private double width;
    private double gridMean;
    private double scale = 1;

    public DurationSum()
    {
        mass[0] = 1;
        Settle();
    }

    public double Mean { get; private set; }

    public double Variance { get; private set; }

    /// <summary>Begins with what is left of a running action: D − e given D &gt; e, (1 − p)·D given D &gt; e within max − e, or (1 − p)·D.</summary>
    public void Begin(ActionDuration duration, double? elapsed, double? progress)
    {
        var (min, max) = (duration.Min.TotalSeconds, duration.Max.TotalSeconds);
        var left = 1 - (progress ?? 0);
        var shift = progress is null ? elapsed ?? 0 : 0;
        var low = Math.Max(min, elapsed ?? 0);
        var cap = max - (elapsed ?? 0);
        var (from, to) = (low * left - shift, max * left - shift);
        if (!(to > from) || from >= cap)
        {
            (origin, Mean) = (Math.Min(from, cap), Math.Min(from, cap));
            Settle();
            return;
        }
        width = Math.Min(to, cap) - from;
        (step, count) = (width / Cells, Cells);
        origin = from + step / 2;
        var pert = new Pert(duration);
        double Weight(double rest) => pert.Density((rest + shift) / left);
        for (var at = 0; at < count; at++)
        {
            mass[at] = Weight(origin + at * step);
        }
        // What would take longer than the action may is taken to end when it must.
        for (var (at, beyond) = (0, (to - cap) / Cells); beyond > 0 && at < Cells; at++)
        {
            mass[count - 1] += Weight(cap + (at + 0.5) * beyond) * beyond / step;
        }
        Normalize();
        (Mean, Variance) = Moments();
        Settle();
    }

    public DurationSum Add(ActionDuration duration)
    {
        var (min, max) = (duration.Min.TotalSeconds, duration.Max.TotalSeconds);
        var mean = Pert.Mean(duration);
        Mean += mean;
        if (max > min)
        {
            Variance += (mean - min) * (max - mean) / 7;
            width += max - min;
            Coarsen(Math.Min(width, Reach * Math.Sqrt(Variance)) / Cells);
            Convolve(duration, min, max);
            Trim();
        }
        else
        {
            origin += min;
        }
        Settle();
        return this;
    }

    /// <summary>P(the time taken ≤ t).</summary>
    public double By(double t)
    {
        if (step == 0)
        {
            return t >= Mean ? 1 : 0;
        }
        var at = (gridMean + (t - Mean) * scale - origin) / step + 0.5;
        if (!(at > 0))
        {
            return 0;
        }
        var cell = (int)Math.Min(at, count);
        return cell >= count ? 1 : reached[cell] + (at - cell) * mass[cell];
    }

    /// <summary>The time within which it is done with the given probability.</summary>
    public double Quantile(double probability)
    {
        if (step == 0)
        {
            return Mean;
        }
        var cell = Array.BinarySearch(reached, 0, count + 1, probability);
        cell = Math.Clamp(cell < 0 ? ~cell - 1 : cell, 0, count - 1);
        var at = cell + (mass[cell] > 0 ? (probability - reached[cell]) / mass[cell] : 0);
        return Mean + (origin + (at - 0.5) * step - gridMean) / scale;
    }

    /// <summary>The expected value of a function of the time taken, over those times for which it has one.</summary>
    public double? Expect(Func<double, (double Weight, double Value)> of)
    {
        var (sum, weights) = (0.0, 0.0);
        for (var at = 0; at < count; at++)
        {
            var (weight, value) = of(Mean + (origin + at * step - gridMean) / scale);
            weights += mass[at] * weight;
            sum += mass[at] * weight * value;
        }
        return weights > 0 ? sum / weights : null;
    }

    private void Coarsen(double least)
    {
        if (count == 1)
        {
            step = Math.Max(step, least);
        }
        while (step < least || count > Cells + Cells / 2)
        {
            mass[count] = 0;
            var half = (count + 1) / 2;
            for (var at = 0; at < half; at++)
            {
                mass[at] = mass[2 * at] + mass[2 * at + 1];
            }
            origin += step / 2;
            (step, count) = (2 * step, half);
        }
    }

    private void Convolve(ActionDuration duration, double min, double max)
    {
        var cells = Math.Clamp((int)Math.Ceiling((max - min) / step - 1e-9), 1, Cells);
        var (pert, total) = (new Pert(duration), 0.0);
        for (var at = 0; at < cells; at++)
        {
            var (from, to) = (min + at * step, Math.Min(max, min + (at + 1) * step));
            total += piece[at] = pert.Density((from + to) / 2) * (to - from);
        }
        var length = count + cells - 1;
        Array.Clear(spare, 0, length);
        for (var at = 0; at < cells; at++)
        {
            AddScaled(mass.AsSpan(0, count), piece[at] / total, spare.AsSpan(at, count));
        }
        (mass, spare, count) = (spare, mass, length);
        origin += min + step / 2;
    }

    private static void AddScaled(ReadOnlySpan<double> from, double factor, Span<double> to)
    {
        var at = 0;
        for (; at <= from.Length - Vector<double>.Count; at += Vector<double>.Count)
        {
            (new Vector<double>(from[at..]) * factor + new Vector<double>(to[at..])).CopyTo(to[at..]);
        }
        for (; at < from.Length; at++)
        {
            to[at] += from[at] * factor;
        }
    }

    private void Trim()
    {
        var (first, last) = (0, count - 1);
        while (mass[first] < Negligible)
        {
            first++;
        }
        while (mass[last] < Negligible)
        {
            last--;
        }
        count = last - first + 1;
        Array.Copy(mass, first, mass, 0, count);
        origin += first * step;
        Normalize();
    }

    private void Normalize()
    {
        var total = 0.0;
        for (var at = 0; at < count; at++)
        {
            total += mass[at];
        }
        for (var at = 0; at < count; at++)
        {
            mass[at] /= total;
        }
    }

    /// <summary>Within a cell every time is equally likely.</summary>
    private (double Mean, double Variance) Moments()
    {
        var (first, second) = (0.0, 0.0);
        for (var at = 0; at < count; at++)
        {
            first += mass[at] * at;
            second += mass[at] * at * at;
        }
        return (origin + first * step, (second - first * first + 1.0 / 12) * step * step);
    }

    private void Settle()
    {
        for (var at = 0; at < count; at++)
        {
            reached[at + 1] = reached[at] + mass[at];
        }
        (gridMean, var variance) = Moments();
        scale = Variance > 0 ? Math.Sqrt(variance / Variance) : 1;
    }
}
