namespace ExecutionManager.Domain;

/// <summary>How much of an action is done after a time, if it is not yet over by then.</summary>
internal sealed class Beyond
{
    private const int Cells = 64;
    private readonly double min;
    private readonly double step;
    private readonly double[] weight = new double[Cells + 1];
    private readonly double[] inverse = new double[Cells + 1];

    public Beyond(ActionDuration duration)
    {
        min = duration.Min.TotalSeconds;
        step = (duration.Max.TotalSeconds - min) / Cells;
        var pert = new Pert(duration);
        for (var at = Cells - 1; at >= 0; at--)
        {
            var length = min + (at + 0.5) * step;
            var density = step > 0 ? pert.Density(length) : 1;
            weight[at] = weight[at + 1] + density;
            inverse[at] = inverse[at + 1] + density / length;
        }
    }

    /// <summary>The weight of its being under way after <paramref name="since"/>, and the share then done.</summary>
    public (double Weight, double Share) Share(double since)
    {
        var at = since < min ? 0 : step > 0 ? (int)Math.Min((since - min) / step, Cells) : Cells;
        return weight[at] > 0 ? (weight[at], Math.Min(1, since * inverse[at] / weight[at])) : default;
    }
}
