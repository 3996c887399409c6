using System.Diagnostics.Metrics;
using ExecutionManager.Domain;

namespace ExecutionManager.Sagas;

/// <summary>What projections were worth, measured at each reconciliation. A retried message counts again.</summary>
public static class EstimateMetrics
{
    private static readonly Meter Meter = new("ExecutionManager");

    public static Counter<long> Ends { get; } = Meter.CreateCounter<long>(
        "em_estimate_ends_total", description: "Ends of actions while offline, inside or outside of the projected 5 % to 95 %: nine in ten should be inside.");

    public static Histogram<double> Incorrect { get; } = Meter.CreateHistogram<double>(
        "em_estimate_incorrect_seconds", unit: "s", description: "Of an offline period, how long the most likely action shown was not the one of the journal.");

    public static void Record(Divergence found)
    {
        Ends.Add(found.EndsInside, new KeyValuePair<string, object?>("inside", "true"));
        Ends.Add(found.EndsOutside, new KeyValuePair<string, object?>("inside", "false"));
        if (found.IncorrectFor is { } incorrect)
        {
            Incorrect.Record(incorrect.TotalSeconds);
        }
    }
}
