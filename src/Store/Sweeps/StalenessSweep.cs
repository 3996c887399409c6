using ExecutionManager.Domain;
using ExecutionManager.Sagas;
using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Store;

/// <summary>Finds connected devices that were silent for StaleAfter. The silence is a loss that does not close the epoch.</summary>
public sealed class StalenessSweep(StoreContext db, ISendEndpointProvider endpoints, SilencesTold told, TimeProvider clock, ContractSettings settings)
{
    /// <returns>How many devices were told to be silent.</returns>
    public async Task<int> RunOnce(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var connected = await db.Devices.AsNoTracking().Where(device => device.Connected)
            .Join(db.Contacts, device => device.DeviceId, contact => contact.DeviceId, (device, contact) => new { device, contact })
            .OrderBy(pair => pair.device.DeviceId)
            .ToListAsync(ct);
        var silent = connected.FindAll(pair => Connectivity.IsSilent(
            pair.device.Connection, new Contact(pair.contact.Epoch, pair.contact.ReceivedAt, pair.contact.UptimeMs), now, settings.StaleAfter));
        var untold = told.Untold(silent, pair => pair.device.DeviceId, pair => pair.contact.ReceivedAt, now);
        var endpoint = await endpoints.GetSendEndpoint(ConnectionConsumer.Queue);
        foreach (var pair in untold)
        {
            await endpoint.Send(new DeviceSilent(pair.device.DeviceId, pair.device.Epoch!.Value, pair.contact.ReceivedAt), ct);
        }

        await db.SaveChangesAsync(ct);
        return untold.Count;
    }
}
