using ExecutionManager.Durability;
using ExecutionManager.Store;

namespace ExecutionManager.Worker;

/// <summary>Runs the sweeps each second: devices that fell silent or left their area, requests that have closed, leases that are due, and a batch of what is kept no longer.</summary>
public sealed class Sweeper(IServiceScopeFactory scopes, WorkerSettings settings, TimeProvider clock, ILogger<Sweeper> log) : BackgroundService
{
    // Between two rounds over all ended contracts.
    private static readonly TimeSpan PurgeInterval = TimeSpan.FromSeconds(10);

    private DateTimeOffset purgeAt;
    private RetentionSweep.Mark? purgedTo;

    /// <summary>Why the last round failed; null while all is well.</summary>
    public string? Failure { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await using (var scope = scopes.CreateAsyncScope())
                {
                    await scope.ServiceProvider.GetRequiredService<StalenessSweep>().RunOnce(stoppingToken);
                }

                await using (var scope = scopes.CreateAsyncScope())
                {
                    await scope.ServiceProvider.GetRequiredService<ParkedSweep>().RunOnce(stoppingToken);
                }

                await using (var scope = scopes.CreateAsyncScope())
                {
                    await scope.ServiceProvider.GetRequiredService<AreaSweep>().RunOnce(stoppingToken);
                }

                await using (var scope = scopes.CreateAsyncScope())
                {
                    await scope.ServiceProvider.GetRequiredService<RenewalSweep>().RunOnce(stoppingToken);
                }

                await Purge(stoppingToken);
                Failure = null;
            }
            catch (Exception fault) when (fault is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                // A sweep looks at everything that is due: the next tick does what this one could not. Until then the
                // worker is not ready.
                var why = fault.Why();
                if (why != Failure)
                {
                    log.SweepFailed(why);
                }

                Failure = why;
            }
        }
    }

    private async Task Purge(CancellationToken stoppingToken)
    {
        var now = clock.GetUtcNow();
        if (now < purgeAt)
        {
            return;
        }

        await using var scope = scopes.CreateAsyncScope();
        var (purged, next) = await scope.ServiceProvider.GetRequiredService<RetentionSweep>().RunOnce(settings.TerminalRetention, purgedTo, stoppingToken);
        purgedTo = next;
        purgeAt = next is null ? now + PurgeInterval : now;
        if (purged > 0)
        {
            log.ContractsPurged(purged);
        }
    }
}
