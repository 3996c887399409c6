using ExecutionManager.Adapters;
using ExecutionManager.Durability;
using ExecutionManager.Store;
using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Worker;

/// <summary>Probes: alive, and ready part by part.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/health/live", () => Results.Json(new { status = "live" })).ExcludeFromDescription();
        app.MapGet("/health/ready", Ready).ExcludeFromDescription();
    }

    private static async Task<IResult> Ready(StoreContext db, IBusControl bus, MqttAdapter adapter, Sweeper sweeper, Relay relay, CancellationToken ct)
    {
        var parts = new Dictionary<string, string>
        {
            ["store"] = sweeper.Failure ?? await Store(db, ct),
            ["bus"] = bus.CheckHealth().Status == BusHealthStatus.Healthy ? "ok" : bus.CheckHealth().Description,
            ["mqtt"] = adapter.Status.WhyNot ?? "ok",
            ["relay"] = relay.Failure ?? "ok",
        };
        var ready = parts.Values.All(part => part == "ok");
        return Results.Json(new { status = ready ? "ready" : "unready", parts }, statusCode: ready ? 200 : 503);
    }

    private static async Task<string> Store(StoreContext db, CancellationToken ct)
    {
        try
        {
            await db.Database.ExecuteSqlRawAsync("SELECT 1", ct);
            return "ok";
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            return fault.GetBaseException().Message;
        }
    }
}
