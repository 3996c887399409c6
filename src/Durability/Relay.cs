using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ExecutionManager.Durability;

/// <summary>Sends what is due. Every step is bounded and can be called by hand.</summary>
public sealed class Relay
{
    private const int MaxConflicts = 10;
    private static readonly TimeSpan LastSends = TimeSpan.FromSeconds(5);

    private readonly IServiceScopeFactory scopes;
    private readonly IDurableDatabase database;
    private readonly IOutboxSender sender;
    private readonly RoutingTable routes;
    private readonly DatabaseHold hold;
    private readonly OutboxSignal signal;
    private readonly TimeProvider clock;
    private readonly DurabilityOptions options;
    private readonly ILogger<Relay> logger;

    // Sends that outlasted the patience. Their rows are taken, and their destinations passed over, until they are settled.
    private readonly List<(OutboxMessage Row, Task<Exception?> Send)> slow = [];
    private readonly Lock gate = new();

    internal Relay(
        IServiceScopeFactory scopes, IDurableDatabase database, IOutboxSender sender, RoutingTable routes, DatabaseHold hold, OutboxSignal signal,
        TimeProvider clock, IOptions<DurabilityOptions> options, ILogger<Relay> logger)
    {
        this.scopes = scopes;
        this.database = database;
        this.sender = sender;
        this.routes = routes;
        this.hold = hold;
        this.signal = signal;
        this.clock = clock;
        this.options = options.Value;
        this.logger = logger;
    }

    private long sent;
    private string? stuck;
    private DateTime stuckAt;

    /// <summary>Why the last step of the running relay failed, or nothing can be sent; null while it works.</summary>
    public string? Failure { get => field ?? stuck; internal set; }

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    // Addresses of answers make the number of destinations unbounded.
    private int MostSlow => 10 * options.BatchSize;

    private IReadOnlyList<(OutboxMessage Row, Task<Exception?> Send)> Slow
    {
        get
        {
            lock (gate)
                return slow.Count == 0 ? [] : [.. slow];
        }
    }

    /// <summary>
    /// Sends at most one batch of what is due, side by side, and returns how many rows it took. A failed one waits longer
    /// each time and is parked at last. One that takes longer than <see cref="DurabilityOptions.Patience"/> is settled by the
    /// first call after its end, and holds up its own destination alone; with ten batches of such, a call waits until one
    /// ends.
    /// </summary>
    public async Task<int> RunOnce(CancellationToken cancellationToken = default)
    {
        if (Slow is var most && most.Count >= MostSlow)
            await Task.WhenAny(most.Select(x => x.Send)).WaitAsync(cancellationToken);
        await SettleEnded(cancellationToken);
        if (!sender.IsAvailable)
            return 0;
        var underWay = Slow;
        IReadOnlyList<OutboxMessage> rows;
        await using (var scope = scopes.CreateAsyncScope())
        {
            var now = Now;
            var limit = Math.Clamp(MostSlow - underWay.Count, 0, options.BatchSize);
            rows = await database.Claim(Db(scope), now, now + options.Lease, limit, Destinations(underWay), cancellationToken);
        }
        if (rows.Count == 0)
        {
            // What could not be sent has been cancelled meanwhile: nothing waits that would tell that the transport is back.
            if (underWay.Count == 0 && Now - stuckAt > options.MaxRetryDelay)
                stuck = null;
            return 0;
        }

        var sends = rows.Select(row => (Row: row, Send: Try(row, cancellationToken))).ToList();
        await Wait(Task.WhenAll(sends.Select(x => x.Send)), cancellationToken);
        var ended = new List<(OutboxMessage Row, Task<Exception?> Send)>();
        foreach (var send in sends)
        {
            if (send.Send.IsCompleted)
            {
                ended.Add(send);
                continue;
            }
            lock (gate)
                slow.Add(send);
            _ = send.Send.ContinueWith(_ => signal.Set(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        await SettleAll(ended, cancellationToken);
        return rows.Count;
    }

    /// <summary>When the earliest message is due that the next call may take; null if none waits.</summary>
    public async Task<DateTimeOffset?> NextDue(CancellationToken cancellationToken = default)
    {
        await using var scope = scopes.CreateAsyncScope();
        var waiting = Db(scope).Set<OutboxMessage>().AsNoTracking();
        if (Slow is { Count: > 0 } underWay)
            waiting = waiting.PassingOver(Destinations(underWay));
        return await waiting.MinAsync(x => x.DueAt, cancellationToken) is { } due ? new DateTimeOffset(due) : null;
    }

    /// <summary>Settles the slow sends that have ended; asks nothing of the database if none has.</summary>
    internal async Task SettleEnded(CancellationToken cancellationToken)
    {
        List<(OutboxMessage Row, Task<Exception?> Send)> ended;
        lock (gate)
        {
            ended = slow.FindAll(x => x.Send.IsCompleted);
            slow.RemoveAll(ended.Contains);
        }
        await SettleAll(ended, cancellationToken);
    }

    /// <summary>At the end of the process, whose token is cancelled: the sends still under way end soon, and are settled.</summary>
    internal async Task Finish(CancellationToken cancellationToken)
    {
        await Task.WhenAll(Slow.Select(x => x.Send));
        await SettleEnded(cancellationToken);
    }

    /// <summary>
    /// Once at the start, before anything is sent: what the last process sent but nobody consumed is due again, what it stored
    /// for endpoints of this bus under another transport gets their address under this one, and messages without a receiver go
    /// to those that are there now, or are parked until one is.
    /// </summary>
    public async Task Recover(CancellationToken cancellationToken = default)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = Db(scope);
        await using var transaction = await database.Begin(db, cancellationToken);
        var outbox = db.Set<OutboxMessage>();
        var again = await outbox.Where(x => x.SentAt != null && x.DueAt == null && x.ParkedAt == null).ExecuteUpdateAsync(
            x => x.SetProperty(p => p.DueAt, p => p.EnqueuedAt).SetProperty(p => p.SentAt, (DateTime?)null), cancellationToken);

        foreach (var former in await outbox.Select(x => x.Destination).Distinct().ToListAsync(cancellationToken))
        {
            if (routes.EndpointOf(former) is { } endpoint && routes.DestinationOf(endpoint) is var present && present != former)
                await outbox.Where(x => x.Destination == former && x.LastError != OutboxRows.NoReceiver).ExecuteUpdateAsync(x => x.SetProperty(p => p.Destination, present), cancellationToken);
        }

        var waiting = outbox.Where(x => x.ParkedAt == null && !x.Destination.Contains(":")).Select(x => x.Destination).Distinct();
        var vanished = (await waiting.ToListAsync(cancellationToken)).FindAll(x => !routes.IsEndpoint(x));
        var unheard = await outbox
            .Where(x => x.ParkedAt != null ? x.LastError == OutboxRows.NoReceiver && !x.Destination.Contains(":") : vanished.Contains(x.Destination))
            .ToListAsync(cancellationToken);
        foreach (var row in unheard)
            db.Reroute(row, routes, Now);
        await transaction.Commit(cancellationToken);
        if (again > 0)
            logger.SentAgain(again);
    }

    /// <summary>Forgets at most <see cref="DurabilityOptions.PurgeBatch"/> handled messages older than the retention.</summary>
    public async Task<int> Purge(CancellationToken cancellationToken = default)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = Db(scope);
        var before = Now - options.InboxRetention;
        var old = await db.Set<InboxMessage>().Where(x => x.ReceivedAt < before).OrderBy(x => x.ReceivedAt).Select(x => x.MessageId)
            .Take(options.PurgeBatch).ToListAsync(cancellationToken);
        if (old.Count == 0)
            return 0;
        await using var transaction = await database.Begin(db, cancellationToken);
        // By their keys: a limit within the deletion would make SQLite look at every row.
        var purged = await db.Set<InboxMessage>().Where(x => old.Contains(x.MessageId) && x.ReceivedAt < before).ExecuteDeleteAsync(cancellationToken);
        await transaction.Commit(cancellationToken);
        return purged;
    }

    private static DbContext Db(AsyncServiceScope scope) => scope.ServiceProvider.GetRequiredService<DurableContext>().Db;

    private async Task<Exception?> Try(OutboxMessage row, CancellationToken cancellationToken)
    {
        var before = Interlocked.Read(ref sent);
        using var timeout = new CancellationTokenSource(options.SendTimeout, clock);
        // A send under way may end in peace when the process is told to.
        await using var stop = cancellationToken.Register(() => timeout.CancelAfter(LastSends));
        try
        {
            await sender.Send(row, timeout.Token).WaitAsync(timeout.Token);
            Interlocked.Increment(ref sent);
            DurabilityMeter.Sent.Add(1);
            return null;
        }
        catch (Exception exception)
        {
            // Where others go meanwhile, the message is at fault; else a transport that says so or lets the time pass.
            var isOwn = Interlocked.Read(ref sent) != before || !(exception is TransportUnavailableException || timeout.IsCancellationRequested);
            var cause = exception is TransportUnavailableException { InnerException: { } inner } ? inner : exception;
            return isOwn && sender.IsAvailable && !cancellationToken.IsCancellationRequested ? cause : new TransportUnavailableException(cause);
        }
    }

    private static List<string> Destinations(IEnumerable<(OutboxMessage Row, Task<Exception?> Send)> sends) => [.. sends.Select(x => x.Row.Destination).Distinct()];

    private async Task Wait(Task sends, CancellationToken cancellationToken)
    {
        if (sends.IsCompleted)
            return;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(sends, Task.Delay(options.Patience, clock, enough.Token));
        await enough.CancelAsync();
    }

    private async Task SettleAll(List<(OutboxMessage Row, Task<Exception?> Send)> ended, CancellationToken cancellationToken)
    {
        if (ended.Count == 0)
            return;
        var failures = await Task.WhenAll(ended.Select(x => x.Send));
        Watch(failures);
        // What was taken has to be settled, at the end of the process too: nobody else takes it before the lease is over.
        await hold.Run(() => SettleAgainstConflicts([.. ended.Select(x => x.Row).Zip(failures)], CancellationToken.None), cancellationToken);
    }

    private void Watch(Exception?[] failures)
    {
        var why = failures.All(failure => failure is TransportUnavailableException) ? $"nothing can be sent: {failures[0]!.Why()}" : null;
        if (why is not null && stuck is null)
            logger.NothingCanBeSent(failures[0]!.Why());
        (stuck, stuckAt) = (why, Now);
    }

    // A transaction that cancels what was just sent may lock the same rows in another order.
    private async Task SettleAgainstConflicts(IReadOnlyList<(OutboxMessage Row, Exception? Failure)> results, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await Settle(results, cancellationToken);
                return;
            }
            catch (Exception exception) when (attempt < MaxConflicts && database.IsConflict(exception))
            {
                // The other one is done; ours can be done now.
            }
        }
    }

    private async Task Settle(IReadOnlyList<(OutboxMessage Row, Exception? Failure)> results, CancellationToken cancellationToken)
    {
        var gone = results.Where(x => x.Failure is null && !x.Row.AwaitsConsumption).Select(x => x.Row.Sequence).ToList();
        var failed = results.Where(x => x.Failure is not null).ToList();
        if (gone.Count == 0 && failed.Count == 0)
            return;

        await using var scope = scopes.CreateAsyncScope();
        var db = Db(scope);
        await using var transaction = await database.Begin(db, cancellationToken);
        var outbox = db.Set<OutboxMessage>();
        if (gone.Count > 0)
            await outbox.Where(x => gone.Contains(x.Sequence)).ExecuteDeleteAsync(cancellationToken);
        foreach (var (row, failure) in failed)
        {
            var isUnheard = failure is NoReceiverException;
            var attempts = row.Attempts + (failure is TransportUnavailableException || isUnheard ? 0 : 1);
            var isGivenUp = attempts >= options.MaxAttempts;
            // What nobody takes is listed as parked at once, and offered again now and then: a queue may come.
            DateTime? dueAt = isUnheard ? Now + options.MaxRetryDelay : isGivenUp ? null : Now + BackOff(attempts);
            DateTime? parkedAt = isUnheard || isGivenUp ? row.ParkedAt ?? Now : null;
            await outbox.Where(x => x.Sequence == row.Sequence && (x.ParkedAt == null || x.ParkedAt == row.ParkedAt)).ExecuteUpdateAsync(
                x => x.SetProperty(p => p.Attempts, attempts).SetProperty(p => p.LastError, failure!.Message)
                    .SetProperty(p => p.SentAt, (DateTime?)null).SetProperty(p => p.DueAt, dueAt).SetProperty(p => p.ParkedAt, parkedAt),
                cancellationToken);
            if (isUnheard && row.ParkedAt is not null)
                continue;
            if (failure is TransportUnavailableException)
                continue;   // Said once for all of them.
            if (!isGivenUp && !isUnheard)
            {
                logger.SendFailed(row.MessageId, row.MessageType, row.Destination, attempts, failure!.Why());
                continue;
            }
            DurabilityMeter.Parked.Add(1);
            logger.MessageParked(row.MessageId, row.MessageType, row.Destination, failure!.Message);
        }
        await transaction.Commit(cancellationToken);
    }

    private TimeSpan BackOff(int attempts)
    {
        var wait = options.RetryDelay * Math.Pow(2, Math.Clamp(attempts - 1, 0, 30));
        return wait < options.MaxRetryDelay ? wait : options.MaxRetryDelay;
    }
}
