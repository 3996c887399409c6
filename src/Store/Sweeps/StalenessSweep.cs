using ExecutionManager.Domain;
using ExecutionManager.Sagas;
using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Store;

/// <summary>Finds connected devices that were silent for StaleAfter. The silence is a loss that does not close the epoch.</summary>
public sealed class StalenessSweep(StoreContext db, ISendEndpointProvider endpoints, TimeProvider clock, ContractSettings settings)
{
    /// <returns>How many devices fell silent.</returns>
    public async Task<int> RunOnce(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var connected = await db.Devices.AsNoTracking().Where(device => device.Connected)
            .Join(db.Contacts, device => device.DeviceId, contact => contact.DeviceId, (device, contact) => new { device, contact })
            .OrderBy(pair => pair.device.DeviceId)
            .ToListAsync(ct);
        var silent = 0;
        foreach (var pair in connected)
        {
            var contact = new Contact(pair.contact.Epoch, pair.contact.ReceivedAt, pair.contact.UptimeMs);
            if (!Connectivity.IsSilent(pair.device.Connection, contact, now, settings.StaleAfter))
            {
                continue;
            }

            var endpoint = await endpoints.GetSendEndpoint(ConnectionConsumer.Queue);
            await endpoint.Send(new DeviceSilent(pair.device.DeviceId, pair.device.Epoch!.Value, pair.contact.ReceivedAt), ct);
            silent++;
        }

        await db.SaveChangesAsync(ct);
        return silent;
    }
}
