using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ExecutionManager.Durability;

/// <summary>Runs the relay: after a commit, when something is due, and now and then in case another process wrote.</summary>
internal sealed class RelayService(
    Relay relay, IOutboxSender sender, IBusControl bus, OutboxSignal signal, DatabaseHold hold, TimeProvider clock, IOptions<DurabilityOptions> options,
    ILogger<RelayService> logger)
    : BackgroundService
{
    private readonly DurabilityOptions options = options.Value;
    private DateTimeOffset purgeAt = clock.GetUtcNow();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.RunRelay)
            return;
        DurabilityMeter.ShowZero();
        do
            await Keep(relay.Recover, stoppingToken);
        while (relay.Failure is not null && !stoppingToken.IsCancellationRequested);
        await bus.WaitForHealthStatus(BusHealthStatus.Healthy, stoppingToken);
        try
        {
            while (!stoppingToken.IsCancellationRequested)
                await Keep(Step, stoppingToken);
        }
        finally
        {
            await relay.Finish(stoppingToken);
        }
    }

    private async Task Step(CancellationToken cancellationToken)
    {
        if (clock.GetUtcNow() >= purgeAt && await relay.Purge(cancellationToken) < options.PurgeBatch)
            purgeAt = clock.GetUtcNow() + options.PurgeInterval;
        // Rows stay free for another process, and the database is not asked in vain, while this one has no bus.
        while (!sender.IsAvailable)
        {
            await relay.SettleEnded(cancellationToken);
            await Task.Delay(options.RetryDelay, clock, cancellationToken);
        }
        if (await relay.RunOnce(cancellationToken) > 0)
            return;
        var next = await relay.NextDue(cancellationToken) - clock.GetUtcNow() ?? options.PollInterval;
        if (next > TimeSpan.Zero)
            await signal.Wait(next < options.PollInterval ? next : options.PollInterval, cancellationToken);
    }

    /// <summary>Messages must go out whatever happened to one step: nothing but the end of the process ends the loop.</summary>
    private async Task Keep(Func<CancellationToken, Task> step, CancellationToken stoppingToken)
    {
        try
        {
            await hold.Run(() => step(stoppingToken), stoppingToken);
            relay.Failure = null;
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            relay.Failure = exception.Message;
            logger.RelayFailed(options.RetryDelay, exception.Why());
            await Task.Delay(options.RetryDelay, clock, stoppingToken);
        }
    }
}
