namespace ExecutionManager.Domain;

/// <summary>The PERT-beta density of a duration, in seconds: α = 1 + 4(mode − min)/(max − min), β = 6 − α.</summary>
internal readonly struct Pert(ActionDuration duration)
{
    private readonly double min = duration.Min.TotalSeconds;
    private readonly double max = duration.Max.TotalSeconds;
    private readonly double power = 4 * (duration.Mode - duration.Min) / (duration.Max - duration.Min);

    public static double Mean(ActionDuration duration) =>
        (duration.Min.TotalSeconds + 4 * duration.Mode.TotalSeconds + duration.Max.TotalSeconds) / 6;

    /// <summary>Without its constant factor; for durations of some width.</summary>
    public double Density(double length)
    {
        var x = (length - min) / (max - min);
        return x <= 0 || x >= 1 ? 0 : Math.Exp(power * Math.Log(x) + (4 - power) * Math.Log(1 - x));
    }
}
