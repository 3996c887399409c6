using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Store;

/// <summary>Renews the leases that are due for connected devices: grants and the desires that carry them are committed
/// together, and no saga is woken.</summary>
public sealed class RenewalSweep(StoreContext db, IDurableDatabase database, IPublishEndpoint publish, TimeProvider clock, ContractSettings settings)
{
    private const int Most = 500;

    /// <returns>How many leases were renewed.</returns>
    public async Task<int> RunOnce(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var transaction = await database.Begin(db, ct);
        // A contract that is in a transition now writes its own grant; the next sweep looks again. The grant is held, too: a
        // statement sees anew only what it holds, and a transition may have written both since this one began.
        var due = await db.Free(Due(now).Take(Most), "g, c").ToListAsync(ct);
        if (due.Count == 0)
        {
            return 0;
        }

        foreach (var one in due)
        {
            var newest = new Contact(one.Contact.Epoch, one.Contact.ReceivedAt, one.Contact.UptimeMs);
            if (!Connectivity.IsConfirmed(one.Device.Connection, newest, now, settings.StaleAfter))
            {
                continue;
            }

            ContractRecords.Apply(one.Grant, new LeaseGrant(newest.Epoch, newest.UptimeMs, newest.ReceivedAt, one.Grant.ValidFor, one.Grant.StopTime, now));
            await publish.Publish(new SetDesired
            {
                ContractId = one.CorrelationId, DeviceId = one.Device.DeviceId, ConnectionEpoch = newest.Epoch, Revision = one.AcceptedRevision,
                Intent = one.Intent, IntentVersion = one.IntentVersion, AsOf = newest.UptimeMs, ValidFor = one.Grant.ValidFor,
            }, ct);
        }

        await transaction.Commit(ct);
        return due.Count;
    }

    private IQueryable<Candidate> Due(DateTimeOffset now) =>
        from grant in db.Grants
        where grant.RenewAt <= now
        join saga in db.Contracts on grant.ContractId equals saga.CorrelationId
        where saga.Renewable && saga.Connected
        join device in db.Devices on saga.DeviceId equals device.DeviceId
        where device.Connected
        join contact in db.Contacts on saga.DeviceId equals contact.DeviceId
        where contact.Epoch == device.Epoch
        orderby saga.DeviceId, saga.CorrelationId
        select new Candidate
        {
            Grant = grant, Contact = contact, Device = device, CorrelationId = saga.CorrelationId,
            Intent = saga.Intent, IntentVersion = saga.IntentVersion, AcceptedRevision = saga.AcceptedRevision,
        };

    private sealed class Candidate
    {
        public required GrantRow Grant { get; init; }
        public required ContactRow Contact { get; init; }
        public required DeviceRow Device { get; init; }
        public required Guid CorrelationId { get; init; }
        public required Intent Intent { get; init; }
        public required long IntentVersion { get; init; }
        public required int AcceptedRevision { get; init; }
    }
}
