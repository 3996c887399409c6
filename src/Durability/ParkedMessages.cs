using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Durability;

/// <summary>
/// Messages that were given up: no send worked, nobody consumes them, or (in memory) their consumer failed. Scoped: in a
/// consumer it takes part in the message's transaction.
/// </summary>
public sealed class ParkedMessages
{
    private readonly DbContext db;
    private readonly RoutingTable routes;
    private readonly OutboxSignal signal;
    private readonly TimeProvider clock;

    internal ParkedMessages(DbContext db, RoutingTable routes, OutboxSignal signal, TimeProvider clock)
    {
        this.db = db;
        this.routes = routes;
        this.signal = signal;
        this.clock = clock;
    }

    private IQueryable<OutboxMessage> Rows => db.Set<OutboxMessage>().Where(x => x.ParkedAt != null);

    /// <summary>Oldest first; the next page starts after the last row's <see cref="OutboxMessage.Sequence"/>.</summary>
    public async Task<IReadOnlyList<OutboxMessage>> List(int limit, long after = 0, CancellationToken cancellationToken = default) =>
        await Rows.AsNoTracking().Where(x => x.Sequence > after).OrderBy(x => x.Sequence).Take(limit).ToListAsync(cancellationToken);

    public Task<int> Count(CancellationToken cancellationToken = default) => Rows.CountAsync(cancellationToken);

    /// <summary>False if no such message is parked, or it was sent or deleted meanwhile. One that still has no receiver stays parked.</summary>
    public async Task<bool> SendAgain(Guid messageId, CancellationToken cancellationToken = default)
    {
        var rows = await Rows.Where(x => x.MessageId == messageId).ToListAsync(cancellationToken);
        var now = clock.GetUtcNow().UtcDateTime;
        foreach (var row in rows)
        {
            if (row.LastError == OutboxRows.NoReceiver && row.AwaitsConsumption)
                db.Reroute(row, routes, now);
            else
                row.MakeDue(now);
        }
        while (!await Save(rows, cancellationToken))
        {
        }
        // In a consumer the commit is still to come: the relay's poll finds it.
        signal.Set();
        return rows.Count > 0;
    }

    /// <summary>False if the relay or a sweep had deleted some of the rows: they are left out.</summary>
    private async Task<bool> Save(List<OutboxMessage> rows, CancellationToken cancellationToken)
    {
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateConcurrencyException gone) when (gone.Entries.Count > 0 && gone.Entries.All(x => x.Entity is OutboxMessage row && rows.Contains(row)))
        {
            foreach (var entry in gone.Entries)
            {
                rows.Remove((OutboxMessage)entry.Entity);
                entry.State = EntityState.Detached;
            }
            return false;
        }
    }

    /// <summary>Parks what an endpoint failed to consume, for whoever dispatches messages by hand.</summary>
    public async Task Park(Guid messageId, string endpoint, string reason, CancellationToken cancellationToken = default)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        await db.Set<OutboxMessage>().Delivered(messageId, endpoint).ExecuteUpdateAsync(
            x => x.SetProperty(p => p.ParkedAt, now).SetProperty(p => p.LastError, reason)
                .SetProperty(p => p.DueAt, (DateTime?)null).SetProperty(p => p.SentAt, (DateTime?)null),
            cancellationToken);
    }

    public Task<int> Delete(Guid messageId, CancellationToken cancellationToken = default) =>
        Rows.Where(x => x.MessageId == messageId).ExecuteDeleteAsync(cancellationToken);

    /// <summary>For what was asked about something that is over; with a type only messages of that type.</summary>
    public Task<int> DeleteByCorrelation(Guid correlationId, Type? messageType = null, CancellationToken cancellationToken = default)
    {
        var rows = Rows.Where(x => x.CorrelationId == correlationId);
        if (messageType is not null)
        {
            var urn = MassTransit.MessageUrn.ForTypeString(messageType);
            rows = rows.Where(x => x.MessageType == urn || x.MessageType.StartsWith(urn + ";"));
        }
        return rows.ExecuteDeleteAsync(cancellationToken);
    }
}
