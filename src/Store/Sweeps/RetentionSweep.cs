using ExecutionManager.Durability;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Store;

/// <summary>
/// Purges contracts of tasks that have been over for long: each with all that belongs to it, a few in a transaction, while
/// traffic runs. The task's own row stays, since its token must never be given again.
/// </summary>
public sealed class RetentionSweep(StoreContext db, IDurableDatabase database, TimeProvider clock)
{
    private const int Batch = 50;

    /// <summary>Looks at one batch of ended contracts behind <paramref name="from"/>, oldest first.</summary>
    /// <returns>How many were purged, and where the next batch begins; null after the last.</returns>
    public async Task<(int Purged, Mark? Next)> RunOnce(TimeSpan retention, Mark? from, CancellationToken ct)
    {
        var before = clock.GetUtcNow() - retention;
        var (at, id) = from ?? new Mark(DateTimeOffset.MinValue, Guid.Empty);
        var ended = await db.Contracts.AsNoTracking()
            .Where(saga => saga.CreatedAt < before && (saga.CreatedAt > at || (saga.CreatedAt == at && saga.CorrelationId.CompareTo(id) > 0)))
            .Where(saga => !saga.IsOpen && saga.ChangedAt < before)
            .OrderBy(saga => saga.CreatedAt).ThenBy(saga => saga.CorrelationId).Take(Batch).ToListAsync(ct);
        if (ended.Count == 0)
        {
            return (0, null);
        }

        var next = ended.Count < Batch ? null : new Mark(ended[^1].CreatedAt, ended[^1].CorrelationId);
        var (tasks, devices) = (ended.ConvertAll(saga => saga.TaskId), ended.ConvertAll(saga => saga.DeviceId));
        var known = await db.Devices.Where(device => device.Epoch != null && devices.Contains(device.DeviceId)).Select(device => device.DeviceId).ToListAsync(ct);
        ended.RemoveAll(saga => saga.Open.Reassignment is not null || (!saga.IsJournalClosed && known.Contains(saga.DeviceId)));
        if (ended.Count == 0)
        {
            return (0, next);
        }

        await using var transaction = await database.Begin(db, ct);
        // One that takes a late report just now is left for the next round.
        var old = ended.ConvertAll(saga => saga.CorrelationId);
        var held = await db.Free(db.Contracts.Where(saga => old.Contains(saga.CorrelationId)).OrderBy(saga => saga.CorrelationId).Select(saga => saga.CorrelationId), "c").ToListAsync(ct);
        var lively = await db.Contracts.Where(saga => tasks.Contains(saga.TaskId) && (saga.IsOpen || saga.ChangedAt >= before)).Select(saga => saga.TaskId).ToListAsync(ct);
        var ids = ended.Where(saga => held.Contains(saga.CorrelationId) && !lively.Contains(saga.TaskId)).Select(saga => saga.CorrelationId).ToList();
        await db.Journal.Where(row => ids.Contains(row.ContractId)).ExecuteDeleteAsync(ct);
        await db.Events.Where(row => ids.Contains(row.ContractId)).ExecuteDeleteAsync(ct);
        await db.Reports.Where(row => ids.Contains(row.ContractId)).ExecuteDeleteAsync(ct);
        await db.Samples.Where(row => ids.Contains(row.ContractId)).ExecuteDeleteAsync(ct);
        await db.Grants.Where(row => ids.Contains(row.ContractId)).ExecuteDeleteAsync(ct);
        await db.Documents.Where(row => ids.Contains(row.ContractId)).ExecuteDeleteAsync(ct);
        await db.Contracts.Where(saga => ids.Contains(saga.CorrelationId)).ExecuteDeleteAsync(ct);
        await transaction.Commit(ct);
        return (ids.Count, next);
    }

    /// <summary>A place in the order of contracts by age.</summary>
    public sealed record Mark(DateTimeOffset CreatedAt, Guid ContractId);
}
