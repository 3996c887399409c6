using System.Diagnostics.Metrics;

namespace ExecutionManager.Adapters;

internal static class AdapterMetrics
{
    private static readonly Meter Meter = new("ExecutionManager");

    public static Counter<long> Received { get; } = Meter.CreateCounter<long>("em_device_messages", description: "Messages of devices given to the bus, by topic.");

    public static Counter<long> Rejected { get; } = Meter.CreateCounter<long>("em_device_messages_rejected", description: "Messages of devices that were refused, by reason.");

    public static Counter<long> MessagesDropped { get; } = Meter.CreateCounter<long>("em_device_messages_dropped", description: "Messages of devices at QoS 0 that found no room, telemetry apart.");

    public static Counter<long> Coalesced { get; } = Meter.CreateCounter<long>("em_telemetry_coalesced", description: "Samples that a later one took the place of.");

    public static Counter<long> TelemetryDropped { get; } = Meter.CreateCounter<long>("em_telemetry_dropped", description: "Samples that found no room, or that could not be stored.");

    public static Counter<long> Published { get; } = Meter.CreateCounter<long>("em_device_commands", description: "Commands given to the broker.");

    public static Counter<long> Dropped { get; } = Meter.CreateCounter<long>("em_device_commands_dropped", description: "Commands not given to the broker, by reason.");

    public static KeyValuePair<string, object?> Reason(string reason) => new("reason", reason);

    public static KeyValuePair<string, object?> Topic(string topic) => new("topic", topic);
}
