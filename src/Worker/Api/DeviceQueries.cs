using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Worker;

/// <summary>What is known of devices.</summary>
internal sealed class DeviceQueries(StoreContext db, ContractSettings settings, TimeProvider clock)
{
    public async Task<IResult> One(string id, CancellationToken ct) =>
        await db.Devices.AsNoTracking().Where(row => row.DeviceId == id).ToListAsync(ct) is { Count: 1 } rows
            ? Answer.Json((await Of(rows, ct))[0])
            : Problem.NotFound($"There is no device {id}.");

    public async Task<IResult> List(string? limit, string? cursor, CancellationToken ct)
    {
        var fields = new Fields();
        var size = fields.Limit(limit);
        if (fields.Problem is { } invalid)
        {
            return invalid;
        }

        if (Cursor.Read("devices", cursor, 1) is not { } key)
        {
            return Problem.BadCursor();
        }

        var after = key.FirstOrDefault() ?? "";
        var (page, next) = Page.Cut(
            await db.Devices.AsNoTracking().Where(row => row.DeviceId.CompareTo(after) > 0).OrderBy(row => row.DeviceId).Take(size + 1).ToListAsync(ct),
            size, last => Cursor.Write("devices", last.DeviceId));
        return Answer.Json(new Page<DeviceRepresentation>(await Of(page, ct), next));
    }

    private async Task<IReadOnlyList<DeviceRepresentation>> Of(List<DeviceRow> rows, CancellationToken ct)
    {
        var (ids, now) = (rows.ConvertAll(row => row.DeviceId), clock.GetUtcNow());
        var contacts = await db.Contacts.AsNoTracking().Where(row => ids.Contains(row.DeviceId)).ToDictionaryAsync(row => row.DeviceId, ct);
        var contracts = (await db.Contracts.Where(saga => saga.IsOpen && ids.Contains(saga.DeviceId))
            .OrderBy(saga => saga.CreatedAt).ThenBy(saga => saga.CorrelationId)
            .Select(saga => new { saga.DeviceId, saga.CorrelationId }).ToListAsync(ct)).ToLookup(one => one.DeviceId, one => one.CorrelationId);
        var orphans = (await db.Journal.Where(row => ids.Contains(row.DeviceId) && !db.Contracts.Any(saga => saga.CorrelationId == row.ContractId))
            .GroupBy(row => new { row.DeviceId, row.ContractId })
            .Select(group => new { group.Key.DeviceId, group.Key.ContractId, Entries = group.Count(), Since = group.Min(row => row.StoredAt) })
            .ToListAsync(ct)).ToLookup(one => one.DeviceId, one => new OrphanPart(one.ContractId, one.Entries, one.Since));
        return [.. rows.Select(row =>
        {
            var contact = contacts.GetValueOrDefault(row.DeviceId);
            return new DeviceRepresentation
            {
                DeviceId = row.DeviceId,
                Connected = Connectivity.IsConfirmed(
                    row.Connection, contact is null ? null : new Contact(contact.Epoch, contact.ReceivedAt, contact.UptimeMs), now, settings.StaleAfter),
                ConnectionEpoch = row.Epoch,
                ChangedAt = row.Epoch is null ? null : row.ChangedAt,
                LastSeenAt = contact?.ReceivedAt,
                ReportInterval = row.ReportInterval,
                Capabilities = row.ReportInterval is null ? null : new DeviceCapabilities
                {
                    Evidence = row.Evidence == EvidenceCapability.Journal ? EvidenceKind.Journal : EvidenceKind.Snapshot,
                    Lease = row.Lease == LeaseCapability.Enforced ? LeaseKind.Enforced : LeaseKind.None,
                },
                Contracts = [.. contracts[row.DeviceId]],
                Orphans = [.. orphans[row.DeviceId].OrderBy(one => one.Since)],
            };
        })];
    }
}
