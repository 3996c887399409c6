using System.Diagnostics.Metrics;

namespace ExecutionManager.Store;

/// <summary>The same instruments as the adapter's: a sample may be overtaken before and behind the bus.</summary>
internal static class TelemetryMeter
{
    private static readonly Meter Meter = new("ExecutionManager");

    public static readonly Counter<long> Coalesced = Meter.CreateCounter<long>("em_telemetry_coalesced", description: "Samples that a later one took the place of.");

    public static readonly Counter<long> Dropped = Meter.CreateCounter<long>("em_telemetry_dropped", description: "Samples that found no room, or that could not be stored.");
}
