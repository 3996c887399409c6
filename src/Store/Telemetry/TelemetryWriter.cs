using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ExecutionManager.Store;

/// <summary>Stores the latest telemetry, one statement a batch. While the database is away the samples wait and are overtaken.</summary>
public sealed class TelemetryWriter(LatestTelemetry latest, IServiceScopeFactory scopes, IDurableDatabase database, ContractSettings settings, TimeProvider clock, ILogger<TelemetryWriter> log)
    : BackgroundService
{
    private const int Batch = 500;
    private const int MostTold = 100_000;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // Who spoke of another's contract is told once.
    private readonly HashSet<(string DeviceId, Guid ContractId)> told = [];

    /// <summary>Stores all that waits.</summary>
    public async Task Flush(CancellationToken ct)
    {
        while (latest.Take(Batch) is { Count: > 0 } samples)
        {
            try
            {
                await Store(samples, ct);
            }
            catch
            {
                latest.Offer(samples);
                throw;
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var isSaid = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await latest.Wait(stoppingToken);
                await Flush(stoppingToken);
                isSaid = false;
            }
            catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
            {
                if (!isSaid)
                {
                    log.TelemetryWaits(fault.Why());
                }

                isSaid = true;
                await Task.Delay(Pause, clock, stoppingToken);
            }
        }
    }

    /// <summary>What the database refuses for its own sake is left out, not the others with it.</summary>
    private async Task Store(IReadOnlyList<TelemetrySample> samples, CancellationToken ct)
    {
        try
        {
            await Put(samples, ct);
        }
        catch (Exception fault) when (!database.IsUnavailable(fault) && !database.IsConflict(fault) && !ct.IsCancellationRequested)
        {
            if (samples is [var refused])
            {
                TelemetryMeter.Dropped.Add(1);
                log.TelemetryRefused(refused.DeviceId, fault.Why());
                return;
            }

            await Store([.. samples.Take(samples.Count / 2)], ct);
            await Store([.. samples.Skip(samples.Count / 2)], ct);
        }
    }

    private async Task Put(IReadOnlyList<TelemetrySample> samples, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<StoreContext>();
        var endpoint = await scope.ServiceProvider.GetRequiredService<ISendEndpointProvider>().GetSendEndpoint(ConnectionConsumer.Queue);
        // In the order in which everybody locks devices.
        var devices = samples.GroupBy(sample => sample.DeviceId).OrderBy(group => group.Key, StringComparer.Ordinal).ToDictionary(group => group.Key, Newest);
        var rows = samples.Select(Row).OrderBy(row => row.DeviceId, StringComparer.Ordinal).ThenBy(row => row.ContractId).ToList();
        await using var transaction = await database.Begin(db, ct);
        var refused = await KeepOwn(rows, scope.ServiceProvider, db, ct);
        await db.Put(rows, [.. devices.Values], ct);
        await Tell(scope.ServiceProvider, db, [.. rows.Select(row => row.ContractId).Where(id => id != Guid.Empty).Distinct()], ct);
        var known = await db.Devices.AsNoTracking().Where(device => devices.Keys.Contains(device.DeviceId))
            .Select(device => new { device.DeviceId, device.Epoch, device.Connected, device.Closed })
            .ToDictionaryAsync(device => device.DeviceId, ct);
        foreach (var contact in devices.Values)
        {
            var device = known.GetValueOrDefault(contact.DeviceId);
            var opensOrRevives = device?.Epoch is not { } epoch || contact.Epoch > epoch || (contact.Epoch == epoch && !device.Connected && !device.Closed);
            if (opensOrRevives)
            {
                await endpoint.Send(new DeviceHeard(contact.DeviceId, contact.Epoch, contact.UptimeMs, contact.ReceivedAt), ct);
            }
        }

        await transaction.Commit(ct);
        told.UnionWith(refused);
    }

    /// <summary>Of another's contract, or of none, nothing is kept: else any device could fill the disk. Returns who is told
    /// now that he spoke of another's.</summary>
    private async Task<HashSet<(string, Guid)>> KeepOwn(List<SampleRow> rows, IServiceProvider services, StoreContext db, CancellationToken ct)
    {
        if (told.Count > MostTold)
        {
            told.Clear();
        }

        var ids = rows.Select(row => row.ContractId).Where(id => id != Guid.Empty).Distinct().ToList();
        var owners = ids.Count == 0 ? [] : await db.Contracts.AsNoTracking().Where(saga => ids.Contains(saga.CorrelationId))
            .Select(saga => new { saga.CorrelationId, saga.DeviceId }).ToDictionaryAsync(saga => saga.CorrelationId, saga => saga.DeviceId, ct);
        var refused = rows.Where(row => owners.TryGetValue(row.ContractId, out var owner) && owner != row.DeviceId)
            .Select(row => (row.DeviceId, row.ContractId)).Except(told).ToHashSet();
        rows.RemoveAll(row => row.ContractId != Guid.Empty && owners.GetValueOrDefault(row.ContractId) != row.DeviceId);
        foreach (var (deviceId, contractId) in refused)
        {
            await services.GetRequiredService<IPublishEndpoint>().Publish(new RejectDeviceMessage
            {
                DeviceId = deviceId, Topic = "telemetry", Reason = "notYourContract", Detail = $"contract {contractId} belongs to another device",
            }, ct);
        }

        return refused;
    }

    /// <summary>Tells how far contracts have come, each only when it was not told lately: their rows are held since they were
    /// put, by one worker at a time. What a journal still to be read may have overtaken is not told.</summary>
    private async Task Tell(IServiceProvider services, StoreContext db, List<Guid> contracts, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var before = now - settings.ProgressInterval;
        var due = contracts.Count == 0 ? [] : await db.Samples.AsNoTracking()
            .Where(sample => contracts.Contains(sample.ContractId) && (sample.ProgressedAt == null || sample.ProgressedAt <= before))
            .Join(db.Contracts.AsNoTracking(), sample => new { sample.ContractId, sample.DeviceId }, saga => new { ContractId = saga.CorrelationId, saga.DeviceId },
                (sample, saga) => new { sample, saga })
            .Where(pair => pair.saga.IsOpen && pair.saga.Connected && pair.saga.AcceptedRevision > 0 && pair.saga.CurrentState != "Projected")
            .ToListAsync(ct);
        var told = new List<Guid>();
        foreach (var pair in due.Where(pair => pair.saga.Open.Actuals is null))
        {
            var (saga, sample) = (pair.saga, pair.sample);
            var plan = await services.GetRequiredService<IContractRecords>().Document(saga.CorrelationId, saga.AcceptedRevision, ct);
            var latest = new LatestSample(sample.At, sample.ActionId, sample.Progress, sample.Position, sample.Battery);
            if (Shown.Actual(saga.Execution, plan, latest) is { Progress: { } progress } actual)
            {
                told.Add(saga.CorrelationId);
                await services.GetRequiredService<IPublishEndpoint>().Publish(new ContractProgressed
                {
                    ContractId = saga.CorrelationId, DeviceId = saga.DeviceId, TaskId = saga.TaskId,
                    Progress = progress, Certainty = Certainty.Confirmed, At = actual.At,
                }, ct);
            }
        }

        if (told.Count > 0)
        {
            await db.Samples.Where(sample => told.Contains(sample.ContractId)).ExecuteUpdateAsync(row => row.SetProperty(sample => sample.ProgressedAt, now), ct);
        }
    }

    private static ContactRow Newest(IGrouping<string, TelemetrySample> samples)
    {
        var contact = new ContactRow { DeviceId = samples.Key };
        foreach (var sample in samples)
        {
            contact.Take(sample.ConnectionEpoch, sample.UptimeMs, sample.ReceivedAt);
        }

        return contact;
    }

    private static SampleRow Row(TelemetrySample sample) => new()
    {
        DeviceId = sample.DeviceId, ContractId = sample.ContractId ?? Guid.Empty, Epoch = sample.ConnectionEpoch,
        At = EntryClock.Convert(sample.At, sample.SentAt ?? sample.At, sample.ReceivedAt, null).At, ReceivedAt = sample.ReceivedAt,
        ActionId = sample.ActionId, Progress = sample.Progress, Position = sample.Position?.ToArray(), Battery = sample.Battery,
        Values = sample.Values is { } values ? JsonSerializer.Serialize(values, StoreJson.Options) : null,
    };
}
