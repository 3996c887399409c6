using ExecutionManager.Adapters;
using ExecutionManager.Durability;
using MassTransit;

namespace ExecutionManager.Worker;

/// <summary>Probes: alive, and ready part by part.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/health/live", () => Results.Json(new { status = "live" })).ExcludeFromDescription();
        app.MapGet("/health/ready", Ready).ExcludeFromDescription();
    }

    private static IResult Ready(StoreWatch store, IBusControl bus, MqttAdapter adapter, Sweeper sweeper, Relay relay)
    {
        var carried = bus.CheckHealth();
        var parts = new Dictionary<string, string>
        {
            ["store"] = store.Failure ?? sweeper.Failure ?? "ok",
            ["bus"] = carried.Status == BusHealthStatus.Healthy ? "ok" : carried.Description,
            ["mqtt"] = adapter.Status.WhyNot ?? "ok",
            ["relay"] = relay.Failure ?? "ok",
        };
        var ready = parts.Values.All(part => part == "ok");
        return Results.Json(new { status = ready ? "ready" : "unready", parts }, statusCode: ready ? 200 : 503);
    }
}
