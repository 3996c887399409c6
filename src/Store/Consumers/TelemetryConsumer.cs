using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using ExecutionManager.Sagas;
using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Store;

/// <summary>Stores the latest samples of a batch in device order; no saga is woken by telemetry.</summary>
public sealed class TelemetryConsumer(StoreContext db) : IConsumer<TelemetryReported>
{
    public async Task Consume(ConsumeContext<TelemetryReported> context)
    {
        foreach (var samples in context.Message.Samples.GroupBy(sample => sample.DeviceId).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            await Store(context, samples.Key, [.. samples]);
        }
    }

    private async Task Store(ConsumeContext context, string deviceId, List<TelemetrySample> samples)
    {
        var ct = context.CancellationToken;
        var contact = await db.HoldContact(deviceId, ct);
        foreach (var sample in samples)
        {
            contact.Take(sample.ConnectionEpoch, sample.UptimeMs, sample.ReceivedAt);
            var contractId = sample.ContractId ?? Guid.Empty;
            var row = await db.Samples.FindAsync([deviceId, contractId], ct) ?? db.Samples.Add(new SampleRow { DeviceId = deviceId, ContractId = contractId }).Entity;
            if (sample.ConnectionEpoch < row.Epoch || (sample.ConnectionEpoch == row.Epoch && sample.ReceivedAt < row.ReceivedAt))
            {
                continue;
            }

            (row.Epoch, row.ReceivedAt) = (sample.ConnectionEpoch, sample.ReceivedAt);
            (row.At, _) = EntryClock.Convert(sample.At, sample.SentAt ?? sample.At, sample.ReceivedAt, null);
            (row.ActionId, row.Progress, row.Position, row.Battery) = (sample.ActionId, sample.Progress, sample.Position?.ToArray(), sample.Battery);
            row.Values = sample.Values is { } values ? JsonSerializer.Serialize(values, StoreJson.Options) : null;
        }

        var newest = samples.MaxBy(sample => (sample.ConnectionEpoch, sample.ReceivedAt))!;
        var device = await db.Devices.AsNoTracking().SingleOrDefaultAsync(row => row.DeviceId == deviceId, ct);
        var opensOrRevives = device?.Epoch is not { } epoch || newest.ConnectionEpoch > epoch
            || (newest.ConnectionEpoch == epoch && !device.Connected && !device.Closed);
        if (opensOrRevives)
        {
            await context.Send(ConnectionConsumer.Queue, new DeviceHeard(deviceId, newest.ConnectionEpoch, newest.UptimeMs, newest.ReceivedAt));
        }
    }
}
