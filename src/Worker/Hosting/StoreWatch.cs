using ExecutionManager.Durability;
using ExecutionManager.Store;

namespace ExecutionManager.Worker;

/// <summary>
/// Asks the database every few seconds whether it still takes writes, and what it holds. Probes and metrics show the last
/// answer, so that neither waits for a database that is gone.
/// </summary>
public sealed class StoreWatch(IServiceScopeFactory scopes, IDurableDatabase database, WorkerSettings settings, TimeProvider clock, ILogger<StoreWatch> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private const string NotAsked = "not asked yet";

    private readonly Guid self = Guid.NewGuid();
    private volatile string? failure = NotAsked;
    private volatile StoreGauges? gauges;

    /// <summary>Why the database does not take writes; null while it does.</summary>
    public string? Failure => failure;

    /// <summary>Null while the database does not answer: old numbers would look like news.</summary>
    public StoreGauges? Gauges => gauges;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Task<StoreGauges>? asking = null;
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            using var patience = new CancellationTokenSource(Patience, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stoppingToken);
            try
            {
                // SQLite keeps its thread while it waits, and a lost network may go unnoticed for long: one question at a time, on a thread of its own.
                asking = asking is { IsCompleted: false } ? asking : Task.Run(() => Ask(either.Token), stoppingToken);
                gauges = await asking.WaitAsync(either.Token);
                Note(null);
            }
            catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
            {
                gauges = null;
                Note(patience.IsCancellationRequested ? $"no answer within {Patience.TotalSeconds} s" : fault.Why());
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private void Note(string? why)
    {
        var wasAway = failure is not (null or NotAsked);
        if (why is not null && !wasAway)
        {
            log.StoreAway(why);
        }
        else if (why is null && wasAway)
        {
            log.StoreBack();
        }

        failure = why;
    }

    private async Task<StoreGauges> Ask(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<StoreContext>();
        await using (var transaction = await database.Begin(db, ct))
        {
            // Only a commit finds out that a disk is full; the row does not outlive it.
            var row = new InboxMessage { MessageId = self, ConsumerId = self, ReceivedAt = clock.GetUtcNow().UtcDateTime };
            db.Add(row);
            await db.SaveChangesAsync(ct);
            db.Remove(row);
            await transaction.Commit(ct);
        }

        return await StoreGauges.Read(db, settings.Bus is null, clock.GetUtcNow(), ct);
    }
}
