using ExecutionManager.Durability;
using ExecutionManager.Store;

namespace ExecutionManager.Worker;

/// <summary>Runs the sweeps each second: leases that are due, devices that fell silent or left their area, requests that have closed, and a
/// batch of what is kept no longer.</summary>
public sealed class Sweeper(IServiceScopeFactory scopes, WorkerSettings settings, TimeProvider clock, ILogger<Sweeper> log) : BackgroundService
{
    // Between two rounds over all ended contracts.
    private static readonly TimeSpan PurgeInterval = TimeSpan.FromSeconds(10);

    private readonly SortedDictionary<string, string> failures = new(StringComparer.Ordinal);
    private DateTimeOffset purgeAt;
    private RetentionSweep.Mark? purgedTo;

    /// <summary>Which sweeps failed in the last round, each with its reason; null while all is well.</summary>
    public string? Failure { get; private set; }

    /// <summary>One round. A sweep that fails keeps no other from running; the next round does what it could not.</summary>
    public async Task RunOnce(CancellationToken ct)
    {
        // Leases first: a device whose lease is not renewed stops.
        await Guard<RenewalSweep>("renewal of leases", sweep => sweep.RunOnce(ct), ct);
        await Guard<StalenessSweep>("silent devices", sweep => sweep.RunOnce(ct), ct);
        await Guard<ParkedSweep>("parked requests", sweep => sweep.RunOnce(ct), ct);
        await Guard<AreaSweep>("areas", sweep => sweep.RunOnce(ct), ct);
        if (clock.GetUtcNow() >= purgeAt)
        {
            await Guard<RetentionSweep>("retention", sweep => Purge(sweep, ct), ct);
        }

        // Until all succeed the worker is not ready. A database that is away fails them all, which is said once.
        var why = string.Join("; ", failures.GroupBy(failure => failure.Value, failure => failure.Key).Select(alike => $"{string.Join(", ", alike)}: {alike.Key}"));
        if (why.Length > 0 && why != Failure)
        {
            log.SweepFailed(why);
        }

        Failure = why.Length == 0 ? null : why;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await RunOnce(stoppingToken);
        }
    }

    private async Task Guard<TSweep>(string name, Func<TSweep, Task> run, CancellationToken ct) where TSweep : notnull
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await run(scope.ServiceProvider.GetRequiredService<TSweep>());
            failures.Remove(name);
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            failures[name] = fault.Why();
        }
    }

    private async Task Purge(RetentionSweep sweep, CancellationToken ct)
    {
        var (purged, next) = await sweep.RunOnce(settings.TerminalRetention, purgedTo, ct);
        purgedTo = next;
        purgeAt = next is null ? clock.GetUtcNow() + PurgeInterval : clock.GetUtcNow();
        if (purged > 0)
        {
            log.ContractsPurged(purged);
        }
    }
}
