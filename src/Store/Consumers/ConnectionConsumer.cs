using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using ExecutionManager.Sagas;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ExecutionManager.Store;

/// <summary>Keeps each device's connection in epoch order, and tells its contracts what changed.</summary>
public sealed class ConnectionConsumer(StoreContext db, TimeProvider clock, ContractSettings settings, ILogger<ConnectionConsumer> log) :
    IConsumer<DeviceConnected>,
    IConsumer<DeviceDisconnected>,
    IConsumer<ContractAcknowledged>,
    IConsumer<DesiredAcknowledged>,
    IConsumer<ExecutionReported>,
    IConsumer<DeviceHeard>,
    IConsumer<DeviceSilent>,
    IConsumer<GraceOver>
{
    public static readonly Uri Queue = new("queue:device-connections");

    public async Task Consume(ConsumeContext<DeviceConnected> context)
    {
        var birth = context.Message;
        if (!birth.Retained)
        {
            await Heard(birth.DeviceId, birth.ConnectionEpoch, birth.UptimeMs, birth.ReceivedAt, context.CancellationToken);
        }

        var evidence = birth.Capabilities.Evidence == EvidenceKind.Snapshot ? EvidenceCapability.Snapshot : EvidenceCapability.Journal;
        var lease = birth.Capabilities.Lease == LeaseKind.None ? LeaseCapability.None : LeaseCapability.Enforced;
        await Apply(
            context, birth.DeviceId,
            new ConnectionSignal.Birth(birth.ConnectionEpoch, birth.ReceivedAt, birth.Retained, birth.ReportInterval, evidence, lease),
            birth);
    }

    public Task Consume(ConsumeContext<DeviceDisconnected> context) => Apply(
        context, context.Message.DeviceId,
        new ConnectionSignal.Ended(context.Message.ConnectionEpoch, context.Message.Reason == DisconnectReason.Clean), null);

    public Task Consume(ConsumeContext<ContractAcknowledged> context) => Hear(
        context, context.Message.DeviceId, context.Message.ConnectionEpoch, context.Message.UptimeMs, context.Message.ReceivedAt);

    public Task Consume(ConsumeContext<DesiredAcknowledged> context) => Hear(
        context, context.Message.DeviceId, context.Message.ConnectionEpoch, context.Message.UptimeMs, context.Message.ReceivedAt);

    public Task Consume(ConsumeContext<ExecutionReported> context) => Hear(
        context, context.Message.DeviceId, context.Message.ConnectionEpoch, context.Message.UptimeMs, context.Message.ReceivedAt);

    public Task Consume(ConsumeContext<DeviceHeard> context) => Hear(
        context, context.Message.DeviceId, context.Message.ConnectionEpoch, context.Message.UptimeMs, context.Message.ReceivedAt);

    /// <summary>Something may have been heard since the silence was found: then it says nothing.</summary>
    public async Task Consume(ConsumeContext<DeviceSilent> context)
    {
        var contact = await db.Contacts.FindAsync([context.Message.DeviceId], context.CancellationToken);
        if (contact?.ReceivedAt == context.Message.LastHeardAt)
        {
            await Apply(context, context.Message.DeviceId, new ConnectionSignal.Silent(context.Message.ConnectionEpoch), null);
        }
    }

    public async Task Consume(ConsumeContext<GraceOver> context)
    {
        var device = await Device(context.Message.DeviceId, context.CancellationToken);
        if (device.Announced && Connectivity.IsLost(device.Connection, clock.GetUtcNow(), settings.Grace))
        {
            device.Announced = false;
            device.Change++;
            log.DeviceLost(device.DeviceId, device.Epoch ?? 0, device.LossReason?.ToString() ?? "unknown");
            await Tell(context, device, null);
        }
    }

    private async Task Hear(ConsumeContext context, string deviceId, long epoch, long uptimeMs, DateTimeOffset receivedAt)
    {
        await Heard(deviceId, epoch, uptimeMs, receivedAt, context.CancellationToken);
        await Apply(context, deviceId, new ConnectionSignal.Heard(epoch, receivedAt), null);
    }

    private async Task Apply(ConsumeContext context, string deviceId, ConnectionSignal signal, DeviceConnected? birth)
    {
        var device = await Device(deviceId, context.CancellationToken);
        var wasConnected = device.Connected;
        var (after, change) = ConnectionOrder.Apply(device.Connection, signal, clock.GetUtcNow(), settings.StaleAfter);
        device.Connection = after;
        var news = false;
        switch (change)
        {
            case ConnectionChange.Opened:
                news = true;
                log.DeviceConnected(deviceId, after!.Epoch);
                break;
            case ConnectionChange.Revived:
                // Back within the grace: the contracts never heard of the loss.
                news = !device.Announced;
                log.DeviceConnected(deviceId, after!.Epoch);
                break;
            case ConnectionChange.OutdatedEpoch:
                await context.Publish(new RejectDeviceMessage
                {
                    DeviceId = deviceId, Topic = "connection", Reason = "epochTooOld",
                    Detail = $"epoch {signal.Epoch} is over; connect again above {after!.Epoch}", CurrentEpoch = after.Epoch,
                });
                return;
            case ConnectionChange.Lost or ConnectionChange.Noted or ConnectionChange.None:
                break;
        }

        if (wasConnected && !device.Connected)
        {
            await context.ScheduleSend(Queue, (device.LostAt!.Value + settings.Grace).UtcDateTime, new GraceOver(deviceId, device.LostAt.Value));
        }

        if (news)
        {
            device.Announced = true;
            device.Change++;
        }

        if (news || birth is not null)
        {
            await Tell(context, device, birth);
        }
    }

    /// <summary>One message for each contract that is open on the device or named in its birth. Contracts are listed
    /// after the device's row is held and none of them is locked.</summary>
    private async Task Tell(ConsumeContext context, DeviceRow device, DeviceConnected? birth)
    {
        await db.SaveChangesAsync(context.CancellationToken);
        var listed = birth?.Contracts.DistinctBy(listing => listing.ContractId).ToDictionary(listing => listing.ContractId) ?? [];
        var ids = listed.Keys.ToList();
        var known = await db.Contracts.AsNoTracking()
            .Where(saga => saga.DeviceId == device.DeviceId && (saga.IsOpen || ids.Contains(saga.CorrelationId)))
            .Select(saga => saga.CorrelationId)
            .ToListAsync(context.CancellationToken);
        foreach (var contractId in known)
        {
            await context.Send(Deadlines.ContractQueue, new ConnectionChanged(
                contractId, device.DeviceId, device.Change, device.Epoch ?? 0, device.Announced, clock.GetUtcNow(),
                device.Announced ? null : device.LossReason?.Word(), device.Evidence == EvidenceCapability.Snapshot ? EvidenceKind.Snapshot : EvidenceKind.Journal,
                birth?.ConnectionEpoch, listed.GetValueOrDefault(contractId)));
        }

        foreach (var stranger in listed.Values.Where(listing => !known.Contains(listing.ContractId) && listing.Status is not (Contracts.Messages.ExecutionStatus.Completed or Contracts.Messages.ExecutionStatus.Stopped)))
        {
            await context.Publish(Orphans.Stop(stranger.ContractId, device.DeviceId, birth!.ConnectionEpoch, stranger.Revision, stranger.IntentVersion));
        }
    }

    private Task<DeviceRow> Device(string deviceId, CancellationToken ct) => db.HoldDevice(deviceId, RowLock.Update, ct);

    private async Task Heard(string deviceId, long epoch, long uptimeMs, DateTimeOffset receivedAt, CancellationToken ct)
    {
        var row = await db.HoldContact(deviceId, ct);
        row.Take(epoch, uptimeMs, receivedAt);
    }
}
