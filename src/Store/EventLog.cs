using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Store;

/// <summary>
/// Reads the events in the order of their numbers, each once. A number is drawn before its commit, so one that is missing
/// may still come. Neither it nor the writer's xid8 tells: a transaction with an earlier xid may draw the later number. What
/// tells is that all who were writing when a later number was seen have ended.
/// </summary>
public sealed class EventLog(StoreContext db)
{
    /// <summary>How far one may read now, going on from an earlier look.</summary>
    public async Task<EventHorizon> Look(EventHorizon last, CancellationToken ct)
    {
        long highest;
        if (last.Through is { } through)
        {
            var later = await db.Events.Where(row => row.Sequence > through).GroupBy(_ => 1)
                .Select(rows => new { Count = rows.LongCount(), Highest = rows.Max(row => row.Sequence) }).SingleOrDefaultAsync(ct);
            if (later is null || later.Count == later.Highest - through)
            {
                return new EventHorizon(later?.Highest ?? through);   // none is missing
            }

            highest = later.Highest;
        }
        else
        {
            highest = await db.Events.MaxAsync(row => (long?)row.Sequence, ct) ?? 0;
        }

        var (seen, mark) = last.Mark is { } waiting ? (last.Seen, waiting) : (highest, await db.Mark(ct));
        return await db.IsPast(mark, ct) ? new EventHorizon(seen) : new EventHorizon(last.Through, seen, mark);
    }

    /// <summary>Events that were published, numbered above <paramref name="after"/> up to <paramref name="through"/>, in order.</summary>
    /// <param name="contractId">Of one contract; null is of all.</param>
    public Task<List<EventRow>> Read(long after, long through, Guid? contractId, int limit, CancellationToken ct)
    {
        var rows = db.Events.AsNoTracking().Where(row => row.Sequence > after && row.Sequence <= through && row.Name != "JournalApplied");
        rows = contractId is { } id ? rows.Where(row => row.ContractId == id) : rows;
        return rows.OrderBy(row => row.Sequence).Take(limit).ToListAsync(ct);
    }
}
