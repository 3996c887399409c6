using System.Diagnostics.Metrics;
using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ContractDocument = ExecutionManager.Domain.ContractDocument;

namespace ExecutionManager.Journeys.Tests;

[TestFixture(true)]
[TestFixture(false)]
[NonParallelizable]
public sealed class When_telemetry_is_stored(bool postgres)
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);

    private readonly StandingClock clock = new(Now);
    private string directory = "";
    private Servers? servers;
    private PostgresWire? wire;
    private ServiceProvider services = null!;

    private LatestTelemetry Latest => services.GetRequiredService<LatestTelemetry>();

    [SetUp]
    public async Task Take()
    {
        directory = Directory.CreateTempSubdirectory("em-telemetry-").FullName;
        if (postgres)
        {
            servers = await Servers.Take();
            wire = new PostgresWire(servers.Store);
        }

        services = Services($"Data Source={directory}/store.db");
        await Read(async db =>
        {
            await db.Database.MigrateAsync();
            return 0;
        });
    }

    [TearDown]
    public async Task Leave()
    {
        await services.DisposeAsync();
        if (wire is not null)
        {
            await wire.DisposeAsync();
            await servers!.DisposeAsync();
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(directory, recursive: true);
    }

    [Test]
    public async Task Should_keep_the_newest_whatever_the_order()
    {
        await Own("a", "b");
        await Store(Sample("a", epoch: 2, seconds: 5, progress: 0.5), Sample("b", epoch: 1, seconds: 1));
        await Store(Sample("a", epoch: 2, seconds: 4, progress: 0.4, uptime: 9_000_000), Sample("b", epoch: 1, seconds: 3));
        await Store(Sample("a", epoch: 1, seconds: 9, progress: 0.9));

        var sample = await Read(db => db.Samples.AsNoTracking().SingleAsync(row => row.DeviceId == "a"));
        Assert.Multiple(() =>
        {
            Assert.That((sample.ContractId, sample.Epoch, sample.ReceivedAt), Is.EqualTo((Of("a"), 2L, Now.AddSeconds(5))));
            Assert.That((sample.ActionId, sample.Progress, sample.Battery), Is.EqualTo(("a1", 0.5, (double?)null)));
            Assert.That(sample.Position, Is.EqualTo(new[] { 1.5, 2 }));
        });
        var contacts = await Read(db => db.Contacts.AsNoTracking().OrderBy(row => row.DeviceId).ToListAsync());
        Assert.That(contacts.Select(row => (row.DeviceId, row.Epoch, row.UptimeMs, row.ReceivedAt)), Is.EqualTo(new[] { ("a", 2L, 5_000L, Now.AddSeconds(5)), ("b", 1, 3_000, Now.AddSeconds(3)) }));
    }

    [Test]
    public async Task Should_wake_no_contract_but_say_that_an_unknown_device_was_heard()
    {
        await Store(Sample("a"), Sample("a", contract: false));
        Assert.That(await Read(db => db.Set<OutboxMessage>().Select(row => row.Destination).ToListAsync()), Is.EqualTo(new[] { "device-connections" }));
    }

    [Test]
    public async Task Should_tell_the_progress_of_a_contract_once_an_interval_and_then_the_newest()
    {
        await Read(async db =>
        {
            foreach (var (id, device) in new[] { (Of("a"), "a"), (Of("b"), "b") })
            {
                var contract = ContractDocument.Read(JsonSerializer.SerializeToElement(ApiHost.Document(deviceId: device)), id, Now).Contract!;
                db.Add(new DocumentRow { ContractId = id, Revision = 1, Json = ContractDocument.Write(contract) });
                db.Add(new ContractState
                {
                    CorrelationId = id, CurrentState = "Live", DeviceId = device, TaskId = contract.Task.TaskId, TaskType = contract.Task.Type, SentRevision = 1, AcceptedRevision = 1,
                    Connected = true, Execution = Execution.None.Apply(new(1, 1, Now, "accepted")).Apply(new(2, 1, Now, "actionStarted", "a1")),
                });
            }

            return await db.SaveChangesAsync();
        });
        await Store(Sample("a", seconds: 1, progress: 0.1));
        clock.Now += TimeSpan.FromSeconds(0.9);
        await Store(Sample("a", seconds: 2, progress: 0.2), Sample("b", seconds: 2));
        clock.Now += TimeSpan.FromSeconds(0.1);
        await Store(Sample("a", seconds: 4, progress: 0.4), Sample("a", seconds: 3, progress: 0.3), Sample("b", seconds: 3));

        var bodies = await Read(db => db.Set<OutboxMessage>().Where(row => row.MessageType.Contains(nameof(ContractProgressed))).OrderBy(row => row.Sequence).Select(row => row.Body).ToListAsync());
        var told = bodies.Select(body => JsonDocument.Parse(body).RootElement.GetProperty("message").Deserialize<ContractProgressed>(WireJson.Options)!).ToList();
        Assert.That(told.Select(one => (one.ContractId, one.At)), Is.EqualTo(new[] { (Of("a"), Now.AddSeconds(1)), (Of("b"), Now.AddSeconds(2)), (Of("a"), Now.AddSeconds(4)) }));
    }

    [Test]
    public async Task Should_keep_nothing_of_anothers_contract_or_of_none_and_tell_a_device_once_of_the_first()
    {
        await Own("a");
        var (foreign, unknown) = (Sample("b") with { ContractId = Of("a") }, Sample("b"));
        await Store(Sample("a"), foreign, unknown, Sample("c", contract: false));
        await Store(Sample("a", seconds: 2), foreign, unknown);

        Assert.That(await Read(db => db.Samples.OrderBy(row => row.DeviceId).Select(row => row.DeviceId).ToListAsync()), Is.EqualTo(new[] { "a", "c" }));
        await Own("b");
        await Store(unknown);
        Assert.That(await Read(db => db.Samples.CountAsync(row => row.DeviceId == "b" && row.ContractId == unknown.ContractId)), Is.EqualTo(1), "it was only early");
        var refused = (await Read(db => db.Set<OutboxMessage>().ToListAsync())).Where(row => row.MessageType.EndsWith(nameof(RejectDeviceMessage), StringComparison.Ordinal)).ToList();
        Assert.That(refused, Has.Count.EqualTo(1));
        Assert.That(System.Text.Encoding.UTF8.GetString(refused[0].Body), Does.Contain("\"deviceId\": \"b\"").And.Contain("notYourContract").And.Contain("telemetry"));
    }

    [Test]
    public async Task Should_keep_nothing_more_of_a_contract_that_was_purged()
    {
        await Own("a");
        await Store(Sample("a"));
        await Read(async db => await db.Samples.ExecuteDeleteAsync() + await db.Contracts.ExecuteDeleteAsync());
        await Store(Sample("a", seconds: 2));
        Assert.That(await Read(db => db.Samples.CountAsync()), Is.Zero);
    }

    [Test]
    public async Task Should_tell_a_silence_again_only_after_a_while_when_nobody_takes_it()
    {
        await Store(Sample("a", contract: false));
        await Read(async db =>
        {
            db.Add(new DeviceRow { DeviceId = "a", Epoch = 1, Connected = true, ChangedAt = Now, ReportInterval = TimeSpan.FromSeconds(1) });
            return await db.SaveChangesAsync();
        });
        var told = new List<int>();
        foreach (var seconds in new[] { 3600, 3601, 3629, 3630 })
        {
            clock.Now = Now.AddSeconds(seconds);
            await using var scope = services.CreateAsyncScope();
            told.Add(await scope.ServiceProvider.GetRequiredService<StalenessSweep>().RunOnce(default));
        }

        Assert.That(told, Is.EqualTo(new[] { 1, 0, 0, 1 }));
    }

    [Test]
    public async Task Should_store_a_batch_with_one_statement()
    {
        await Read(async db =>
        {
            db.Devices.AddRange(Enumerable.Range(0, 400).Select(i => new DeviceRow { DeviceId = $"d{i}", Epoch = 1, Connected = true }));
            return await db.SaveChangesAsync();
        });
        await Own([.. Enumerable.Range(0, 400).Select(i => $"d{i}")]);
        var samples = Enumerable.Range(0, 400).Select(i => Sample($"d{i}")).ToArray();
        await Store(samples);
        wire?.Take();

        await Store([.. samples.Select(sample => sample with { ReceivedAt = sample.ReceivedAt.AddSeconds(1) })]);

        if (wire?.Take() is var (statements, trips))
        {
            Assert.That(statements, Is.EqualTo(new[] { "BEGIN", "SELECT 400", "INSERT 0 400", "INSERT 0 400", "SELECT 0", "SELECT 400", "SELECT 1", "COMMIT" }), "whose contracts, contacts, samples, whose progress is due, and who is connected");
            Assert.That(trips, Is.EqualTo(5));
        }

        Assert.That(await Read(db => db.Samples.CountAsync(row => row.ReceivedAt == Now.AddSeconds(2))), Is.EqualTo(400));
    }

    [Test]
    public async Task Should_leave_out_what_the_database_refuses_and_count_it()
    {
        using var counted = new Counted();
        await Own("a", "b", "c");
        await Store(Sample("a"), Sample("b", action: postgres ? "\0" : "a1"), Sample("c"));
        Assert.That(await Read(db => db.Samples.OrderBy(row => row.DeviceId).Select(row => row.DeviceId).ToListAsync()), Is.EqualTo(postgres ? new[] { "a", "c" } : ["a", "b", "c"]));
        Assert.That(counted["em_telemetry_dropped"], Is.EqualTo(postgres ? 1 : 0));
    }

    [Test]
    public async Task Should_go_on_taking_messages_while_the_database_is_away_and_count_what_is_overtaken()
    {
        await using var away = Services($"Data Source={directory}/absent/store.db", "Host=127.0.0.1;Port=1;Username=nobody;Timeout=1");
        using var counted = new Counted();
        var consumed = new Consumed();
        var bus = away.GetRequiredService<IBusControl>();
        bus.ConnectConsumeMessageObserver(consumed);
        await bus.StartAsync();

        for (var second = 0; second < 100; second++)
        {
            await bus.Publish(new TelemetryReported { Samples = [Sample("a", seconds: second), Sample("b", seconds: second)] });
        }

        await consumed.All.Task.WaitAsync(TimeSpan.FromMinutes(1));
        await bus.StopAsync();
        Assert.That(away.GetRequiredService<LatestTelemetry>().Take(10).Select(sample => (sample.DeviceId, sample.ReceivedAt)),
            Is.EqualTo(new[] { ("a", Now.AddSeconds(99)), ("b", Now.AddSeconds(99)) }));
        Assert.That(counted["em_telemetry_coalesced"], Is.EqualTo(198));
    }

    [Test]
    public void Should_have_room_for_so_many_and_still_take_news_of_those()
    {
        using var counted = new Counted();
        var latest = new LatestTelemetry(2);
        latest.Offer([Sample("a"), Sample("b"), Sample("c"), Sample("a", seconds: 3)]);
        Assert.That(latest.Take(10).Select(sample => (sample.DeviceId, sample.ReceivedAt)), Is.EqualTo(new[] { ("a", Now.AddSeconds(3)), ("b", Now.AddSeconds(1)) }));
        Assert.That((counted["em_telemetry_dropped"], counted["em_telemetry_coalesced"]), Is.EqualTo((1, 1)));
    }

    private async Task Store(params TelemetrySample[] samples)
    {
        Latest.Offer(samples);
        await services.GetRequiredService<TelemetryWriter>().Flush(default);
    }

    private Task Own(params string[] devices) => Read(async db =>
    {
        db.AddRange(devices.Select(device => new ContractState
        {
            CorrelationId = Of(device), CurrentState = "Projected", DeviceId = device, TaskId = device, TaskType = "t", Frame = "hall", FencingToken = 1, CreatedAt = Now, ChangedAt = Now, IsOpen = true,
        }));
        return await db.SaveChangesAsync();
    });

    private async Task<T> Read<T>(Func<StoreContext, Task<T>> read)
    {
        await using var scope = services.CreateAsyncScope();
        return await read(scope.ServiceProvider.GetRequiredService<StoreContext>());
    }

    private ServiceProvider Services(string sqlite, string? elsewhere = null)
    {
        var collection = new ServiceCollection();
        collection.AddLogging().AddSingleton<TimeProvider>(clock).AddSingleton(new ContractSettings()).AddSingleton<NewGuid>(() => NewId.NextGuid());
        if (postgres)
        {
            collection.AddPostgresStore(elsewhere ?? wire!.ConnectionString);
        }
        else
        {
            collection.AddSqliteStore(sqlite);
        }

        return collection.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.AddHandler((ConsumeContext<ContractProgressed> _) => Task.CompletedTask);
            if (postgres)
            {
                bus.AddExecutionManager<PostgresStoreContext>();
            }
            else
            {
                bus.AddExecutionManager();
            }

            bus.AddHandler((RejectDeviceMessage _) => Task.CompletedTask);   // what nobody reads is not kept
            bus.UsingInMemory((context, configurator) =>
            {
                configurator.PrefetchCount = 1;   // In order, so that it can be told what is overtaken.
                configurator.ConfigureEndpoints(context);
            });
        }).BuildServiceProvider();
    }

    private static Guid Of(string device) => new(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(device)).AsSpan(0, 16));

    private static TelemetrySample Sample(string device, long epoch = 1, int seconds = 1, double? progress = null, long? uptime = null, string action = "a1", bool contract = true) => new()
    {
        DeviceId = device, ContractId = contract ? Of(device) : null, ConnectionEpoch = epoch, UptimeMs = uptime ?? seconds * 1000,
        At = Now.AddSeconds(seconds), ReceivedAt = Now.AddSeconds(seconds), ActionId = action, Progress = progress, Position = [1.5, 2],
    };

    private sealed class Consumed : IConsumeMessageObserver<TelemetryReported>
    {
        private int count;

        public TaskCompletionSource All { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task PreConsume(ConsumeContext<TelemetryReported> context) => Task.CompletedTask;

        public Task PostConsume(ConsumeContext<TelemetryReported> context)
        {
            if (Interlocked.Increment(ref count) == 100)
            {
                All.TrySetResult();
            }

            return Task.CompletedTask;
        }

        public Task ConsumeFault(ConsumeContext<TelemetryReported> context, Exception exception) => Task.CompletedTask;
    }

    private sealed class Counted : IDisposable
    {
        private readonly Dictionary<string, long> sums = [];
        private readonly MeterListener listener = new();

        public Counted()
        {
            listener.InstrumentPublished = (instrument, to) =>
            {
                if (instrument.Meter.Name == "ExecutionManager")
                {
                    to.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
            {
                lock (sums)
                {
                    sums[instrument.Name] = sums.GetValueOrDefault(instrument.Name) + value;
                }
            });
            listener.Start();
        }

        public long this[string name]
        {
            get
            {
                lock (sums)
                {
                    return sums.GetValueOrDefault(name);
                }
            }
        }

        public void Dispose() => listener.Dispose();
    }
}
