using MassTransit;

namespace ExecutionManager.Worker;

/// <summary>Says once when the broker is away, and once when it is back; MassTransit tries again in between.</summary>
public sealed class BusWatch(IBusControl bus, WorkerSettings settings, TimeProvider clock, ILogger<BusWatch> log) : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (broker, wasAway) = (RabbitBus.Shown(settings.Bus!), false);
        using var timer = new PeriodicTimer(Patience, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var isAway = bus.CheckHealth().Status == BusHealthStatus.Unhealthy;
            if (isAway && !wasAway)
            {
                log.BusAway(broker);
            }
            else if (wasAway && !isAway)
            {
                log.BusBack(broker);
            }

            wasAway = isAway;
        }
    }
}
