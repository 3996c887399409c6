using ExecutionManager.Store;

namespace ExecutionManager.Worker;

/// <summary>Runs the sweeps each second: devices that fell silent, requests that have closed, leases that are due.</summary>
public sealed class Sweeper(IServiceScopeFactory scopes, TimeProvider clock, ILogger<Sweeper> log) : BackgroundService
{
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
                    await scope.ServiceProvider.GetRequiredService<RenewalSweep>().RunOnce(stoppingToken);
                }

                Failure = null;
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                // A sweep looks at everything that is due: the next tick does what this one could not. Until then the
                // worker is not ready.
                Failure = fault.GetBaseException().Message;
                log.SweepFailed(Failure);
            }
        }
    }
}
