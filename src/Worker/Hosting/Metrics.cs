using System.Diagnostics.Metrics;
using ExecutionManager.Store;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace ExecutionManager.Worker;

/// <summary>GET /metrics for Prometheus: our meters and MassTransit's own. No number is asked for while somebody waits.</summary>
internal static class Metrics
{
    private const string Name = "ExecutionManager.Store";

    public static void AddMetrics(this IServiceCollection services) => services.AddOpenTelemetry().WithMetrics(metrics => metrics
        .AddMeter("ExecutionManager", "ExecutionManager.*", "MassTransit")
        // Durability knows nothing of this product, its names neither.
        .AddView("durability.duplicates", "em_inbox_duplicates")
        .AddView("durability.sent", "em_outbox_sent")
        .AddView("durability.parked", "em_outbox_parked")
        .ConfigureResource(resource => resource.AddService("execution-manager"))
        // Which meter a number comes from is no label that anybody asks for.
        .AddPrometheusExporter(prometheus => prometheus.ScopeInfoEnabled = false));

    public static void MapMetrics(this WebApplication app)
    {
        app.Services.GetRequiredService<StoreWatch>().Measure(app.Services.GetRequiredService<IMeterFactory>());
        app.MapPrometheusScrapingEndpoint("/metrics");
    }

    private static void Measure(this StoreWatch store, IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        Gauge("em_outbox_depth", "Messages that should have gone and have not.", gauges => gauges.OutboxDepth);
        Gauge("em_outbox_oldest_seconds", "How long the oldest of them has waited.", gauges => gauges.OutboxOldestSeconds);
        Gauge("em_parked", "Messages that were given up and wait for somebody.", gauges => gauges.Parked);
        Gauge("em_parked_escalations", "Those of them that ask for an operator's decision, which HTTP shows, too.", gauges => gauges.ParkedEscalations);
        Gauge("em_deadlines_overdue", "Deadlines due for more than 10 s, or that could not be sent when they were due.", gauges => gauges.DeadlinesOverdue);
        Gauge("em_devices_connected", "Devices connected now.", gauges => gauges.DevicesConnected);

        // A gauge that says nothing would go on showing its last value.
        void Gauge(string name, string description, Func<StoreGauges, double> value) =>
            meter.CreateObservableGauge(name, () => store.Gauges is { } gauges ? value(gauges) : double.NaN, description: description);
    }
}
