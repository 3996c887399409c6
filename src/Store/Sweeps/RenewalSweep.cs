using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using ExecutionManager.Sagas;
using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Store;

/// <summary>Renews the leases that are due for connected devices: grants and the desires that carry them are committed
/// together, and no saga is woken.</summary>
public sealed class RenewalSweep(StoreContext db, IPublishEndpoint publish, TimeProvider clock, ContractSettings settings)
{
    /// <returns>How many leases were renewed.</returns>
    public async Task<int> RunOnce(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var due = await (
            from grant in db.Grants
            where grant.RenewAt <= now
            join saga in db.Contracts on grant.ContractId equals saga.CorrelationId
            where saga.Renewable && saga.Connected
            join device in db.Devices on saga.DeviceId equals device.DeviceId
            where device.Connected
            join contact in db.Contacts on saga.DeviceId equals contact.DeviceId
            where contact.Epoch == device.Epoch
            orderby saga.DeviceId, saga.CorrelationId
            select new { grant, contact, device, saga.CorrelationId, saga.Intent, saga.IntentVersion, saga.AcceptedRevision })
            .Take(500)
            .ToListAsync(ct);
        foreach (var one in due)
        {
            var newest = new Contact(one.contact.Epoch, one.contact.ReceivedAt, one.contact.UptimeMs);
            if (!Connectivity.IsConfirmed(one.device.Connection, newest, now, settings.StaleAfter))
            {
                continue;
            }

            ContractRecords.Apply(one.grant, new LeaseGrant(newest.Epoch, newest.UptimeMs, newest.ReceivedAt, one.grant.ValidFor, one.grant.StopTime, now));
            await publish.Publish(new SetDesired
            {
                ContractId = one.CorrelationId, DeviceId = one.device.DeviceId, ConnectionEpoch = newest.Epoch, Revision = one.AcceptedRevision,
                Intent = one.Intent, IntentVersion = one.IntentVersion, AsOf = newest.UptimeMs, ValidFor = one.grant.ValidFor,
            }, ct);
        }

        await db.SaveChangesAsync(ct);
        return due.Count;
    }
}
