using ExecutionManager.Durability;
using MassTransit;

namespace ExecutionManager.Worker;

/// <summary>Says once when the broker is away, wholly or for some queues, and once when it is back; MassTransit tries again in between.</summary>
public sealed class BusWatch(IBusControl bus, WorkerSettings settings, TimeProvider clock, ILogger<BusWatch> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // Declaring all queues at the start takes a while.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (broker, wellAt, isSaid) = (RabbitBus.Shown(settings.Bus!), clock.GetUtcNow(), false);
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var (health, now) = (bus.CheckHealth(), clock.GetUtcNow());
            if (health.Status == BusHealthStatus.Healthy)
            {
                wellAt = now;
                if (isSaid)
                {
                    log.BusBack(broker);
                    isSaid = false;
                }
            }
            else if (!isSaid && now - wellAt >= Patience)
            {
                log.BusAway(broker, health.Exception?.Why() ?? health.Description);
                isSaid = true;
            }
        }
    }
}
