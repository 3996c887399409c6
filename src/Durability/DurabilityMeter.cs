using System.Diagnostics.Metrics;

namespace ExecutionManager.Durability;

internal static class DurabilityMeter
{
    private static readonly Meter Meter = new("ExecutionManager.Durability");

    /// <summary>Messages acknowledged without effect, since their consumer had handled them before.</summary>
    public static readonly Counter<long> Duplicates = Meter.CreateCounter<long>("durability.duplicates");

    public static readonly Counter<long> Sent = Meter.CreateCounter<long>("durability.sent");

    public static readonly Counter<long> Parked = Meter.CreateCounter<long>("durability.parked");

    /// <summary>What has not happened yet is shown as such, so that its first time is seen as a rise.</summary>
    public static void ShowZero()
    {
        Duplicates.Add(0);
        Sent.Add(0);
        Parked.Add(0);
    }
}
