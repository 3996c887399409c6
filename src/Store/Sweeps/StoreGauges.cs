using ExecutionManager.Contracts.Messages;
using ExecutionManager.Durability;
using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Store;

/// <summary>What the database holds that somebody should watch.</summary>
/// <param name="OutboxDepth">Messages that should have gone and have not; 100,000 are counted at most.</param>
/// <param name="OutboxOldestSeconds">How long the oldest of them has waited; 0 when there is none.</param>
/// <param name="ParkedEscalations">Those of the parked that nobody on the bus is told of and an operator sees anyway.</param>
/// <param name="DeadlinesOverdue">Deadlines due for more than 10 s, or that could not be sent when they were due.</param>
public sealed record StoreGauges(int OutboxDepth, double OutboxOldestSeconds, int Parked, int ParkedEscalations, int DeadlinesOverdue, int DevicesConnected)
{
    private const int Most = 100_000;

    private static readonly string Escalation = MessageUrn.ForTypeString<EscalationRaised>();

    private static readonly TimeSpan Overdue = TimeSpan.FromSeconds(10);

    // Longer than any lease or back-off of the relay: what is under way or was refused lies within it, deadlines of later do not.
    private static readonly TimeSpan Reach = TimeSpan.FromMinutes(2);

    /// <param name="inMemory">On the in-memory bus what was sent is a row without a due time until it is consumed.</param>
    public static async Task<StoreGauges> Read(StoreContext db, bool inMemory, DateTimeOffset now, CancellationToken ct)
    {
        var (at, reach, overdue) = (now.UtcDateTime, (now + Reach).UtcDateTime, (now - Overdue).UtcDateTime);
        var outbox = db.Set<OutboxMessage>().AsNoTracking();
        var waiting = await Waiting(outbox.Where(row => row.DueAt <= reach && (row.DueAt <= at || row.SentAt != null || row.LastError != null)), ct);
        if (inMemory)
        {
            waiting.AddRange(await Waiting(outbox.Where(row => row.DueAt == null), ct));
        }

        return new StoreGauges(
            Math.Min(waiting.Sum(part => part.Count), Most),
            waiting.Count == 0 ? 0 : Math.Max(0, (at - waiting.Min(part => part.Since)).TotalSeconds),
            await outbox.CountAsync(row => row.ParkedAt != null, ct),
            await outbox.CountAsync(row => row.ParkedAt != null && row.MessageType == Escalation, ct),
            // A claim or a failed send moves the due time ahead.
            await outbox.CountAsync(row => row.SchedulingToken != null && row.ParkedAt == null && (row.DueAt < overdue || row.SentAt < overdue || row.LastError != null), ct),
            await db.Devices.CountAsync(device => device.Connected, ct));
    }

    private static async Task<List<Part>> Waiting(IQueryable<OutboxMessage> rows, CancellationToken ct) =>
        await rows.Where(row => row.ParkedAt == null).OrderBy(row => row.DueAt).Take(Most).Select(row => row.EnqueuedAt)
            .GroupBy(_ => 1).Select(all => new Part(all.Count(), all.Min())).ToListAsync(ct);

    private sealed record Part(int Count, DateTime Since);
}
