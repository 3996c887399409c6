using System.Diagnostics;
using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace ExecutionManager.Journeys.Tests;

/// <summary>
/// What one durable transition costs: the contract's own saga, a report in Live, an acknowledgement going out. Trips are counted
/// at the socket, allocation over the whole process, broker, relay and this test's own part included.
/// </summary>
[Category("Process")]
[NonParallelizable]
public sealed class When_a_live_contract_is_reported
{
    private const int Contracts = 64;
    private const int Epoch = 1;

    private readonly string fleet = Guid.NewGuid().ToString("N")[..8];
    private readonly long started = TimeProvider.System.GetTimestamp();
    private readonly List<Guid> contracts = [];
    private Servers servers = null!;
    private int reported;

    [SetUp]
    public async Task Take()
    {
        servers = await Servers.Take();
        contracts.Clear();
        reported = 0;
        await using var worker = await Worker.Start(servers.Store, servers.Store, servers.Bus, relay: true);
        for (var i = 0; i < Contracts; i++)
        {
            await worker.Publish(Birth(i));
            contracts.Add(await worker.Submit(Plan(i)));
        }

        await worker.Until(async db => await db.Contracts.CountAsync(one => one.CurrentState == "Pushing") == Contracts, "all are pushed");
        foreach (var saga in await worker.Read(db => db.Contracts.AsNoTracking().ToListAsync()))
        {
            await worker.Publish(new ContractAcknowledged
            {
                ContractId = saga.CorrelationId, DeviceId = saga.DeviceId, ConnectionEpoch = Epoch, UptimeMs = Uptime, SentAt = Now, ReceivedAt = Now,
                Revision = 1, ContentHash = saga.Open.PushedHash!, Accepted = true,
            });
        }

        await worker.Until(async db => await db.Contracts.CountAsync(one => one.CurrentState == "Live") == Contracts, "all are live");
    }

    [TearDown]
    public async Task Leave()
    {
        if (servers is not null)
        {
            await servers.DisposeAsync();
        }
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Should_take_two_round_trips_one_commit_and_ten_statements(CancellationToken cancellation)
    {
        const int rounds = 5;
        await using var wire = new PostgresWire(servers.Store);
        await using var worker = await Worker.Start(wire.ConnectionString, servers.Store, servers.Bus, relay: false);
        await Report(worker, 1);
        wire.Take();

        await Report(worker, rounds);

        var (statements, trips) = wire.Take();
        const double transitions = rounds * Contracts;
        var seen = string.Join(", ", statements.GroupBy(word => word).OrderBy(group => group.Key).Select(group => $"{group.Key}: {group.Count() / transitions:0.##}"));
        TestContext.Out.WriteLine($"a transition: {trips / transitions:0.##} round trips; statements {seen}");
        Assert.That(trips, Is.LessThanOrEqualTo(2 * transitions), seen);
        Assert.That(statements.Count(word => word == "COMMIT"), Is.EqualTo(transitions), seen);
        // BEGIN, the inbox row in, the contract read; the former deadline out, the contract written; entry, history, answer and next deadline in, COMMIT.
        Assert.That(statements, Has.Count.LessThanOrEqualTo(10 * transitions), seen);
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Should_allocate_at_most_150_kB(CancellationToken cancellation)
    {
        const int rounds = 15;
        await using var worker = await Worker.Start(servers.Store, servers.Store, servers.Bus, relay: true);
        await Report(worker, 5);

        var before = GC.GetTotalAllocatedBytes(precise: true);
        var since = Stopwatch.StartNew();
        await Report(worker, rounds);
        var (bytes, took) = (GC.GetTotalAllocatedBytes(precise: true) - before, since.Elapsed);

        const int transitions = rounds * Contracts;
        TestContext.Out.WriteLine($"a transition: {bytes / transitions / 1000.0:0} kB; {transitions / took.TotalSeconds:0} transitions/s");
        Assert.That(bytes / transitions, Is.LessThanOrEqualTo(150_000));
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Should_renew_one_lease_or_all_in_two_round_trips_and_wake_no_contract(CancellationToken cancellation)
    {
        await using var wire = new PostgresWire(servers.Store);
        await using var worker = await Worker.Start(wire.ConnectionString, servers.Store, servers.Bus, relay: false);
        var before = await worker.Read(db => db.Contracts.AsNoTracking().ToDictionaryAsync(one => one.CorrelationId, one => one.RowVersion));
        await Due(1);
        Assert.That(await worker.Renew(), Is.EqualTo(1));
        Assert.That(await worker.Renew(), Is.Zero, "none is due any more");
        var desires = await worker.Read(Desires);
        foreach (var due in new[] { 1, Contracts })
        {
            await Due(due);
            wire.Take();

            Assert.That(await worker.Renew(), Is.EqualTo(due));

            var (statements, trips) = wire.Take();
            Assert.That(trips, Is.EqualTo(2), "read under lock; written and committed");
            Assert.That(statements.Count(word => word.StartsWith("SELECT", StringComparison.Ordinal)), Is.EqualTo(1 + due), "one reads; each grant says that it was there");
        }

        Assert.That(await worker.Read(db => db.Grants.CountAsync(grant => grant.RenewAt > Now)), Is.EqualTo(Contracts));
        Assert.That(await worker.Read(Desires) - desires, Is.EqualTo(1 + Contracts));
        Assert.That(await worker.Read(db => db.Contracts.AsNoTracking().ToDictionaryAsync(one => one.CorrelationId, one => one.RowVersion)), Is.EqualTo(before));

        foreach (FormattableString row in new FormattableString[]
        {
            $"""SELECT 1 FROM contracts WHERE "CorrelationId" = {contracts[0]} FOR UPDATE""",
            $"""SELECT 1 FROM grants WHERE "ContractId" = {contracts[0]} FOR UPDATE""",
        })
        {
            await Due(2);
            var beside = await worker.Read(async db =>
            {
                await using var transition = await db.Database.BeginTransactionAsync(cancellation);
                await db.Database.ExecuteSqlAsync(row, cancellation);
                return await worker.Renew();
            });
            Assert.That(beside, Is.EqualTo(1), $"one that is in a transition is passed over, and not waited for: {row.Format}");
        }

        Task<int> Due(int count) => worker.Read(db => db.Grants.Where(grant => contracts.Take(count).Contains(grant.ContractId))
            .ExecuteUpdateAsync(set => set.SetProperty(grant => grant.RenewAt, Now.AddSeconds(-1))));

        static Task<int> Desires(StoreContext db) => db.Set<OutboxMessage>().CountAsync(row => row.MessageType.Contains("SetDesired"));
    }

    /// <summary>One entry of the journal for each contract, again and again; it returns when all are applied.</summary>
    private async Task Report(Worker worker, int rounds)
    {
        await using var broker = await new ConnectionFactory { Uri = servers.Bus }.CreateConnectionAsync();
        await using var channel = await broker.CreateChannelAsync();
        var until = reported + rounds;
        for (; reported < until; reported++)
        {
            for (var i = 0; i < Contracts; i++)
            {
                var envelope = new { messageId = Guid.NewGuid(), messageType = new[] { MessageUrn.ForTypeString<ExecutionReported>() }, message = Report(i, reported + 1) };
                await channel.BasicPublishAsync("contract", "", false, new BasicProperties { ContentType = "application/vnd.masstransit+json", Persistent = true },
                    JsonSerializer.SerializeToUtf8Bytes(envelope, WireJson.Options));
            }
        }

        await worker.Until(db => db.Set<JournalRow>().Where(row => row.Seq == until).CountAsync().ContinueWith(count => count.Result == Contracts), "all is applied");
    }

    private ExecutionReported Report(int device, long seq) => new()
    {
        ContractId = contracts[device], DeviceId = Device(device), ConnectionEpoch = Epoch, UptimeMs = Uptime, SentAt = Now, ReceivedAt = Now, Tail = seq,
        Entries = [seq == 1
            ? new() { Seq = 1, Revision = 1, At = Now, Type = "accepted" }
            : new() { Seq = seq, Revision = 1, At = Now, Type = seq % 2 == 0 ? "actionStarted" : "actionFinished", ActionId = $"a{seq / 2}" }],
    };

    private DeviceConnected Birth(int device) => new()
    {
        DeviceId = Device(device), ConnectionEpoch = Epoch, UptimeMs = Uptime, SentAt = Now, ReceivedAt = Now, ReportInterval = TimeSpan.FromMinutes(10),
        Capabilities = new() { Evidence = EvidenceKind.Journal, Lease = LeaseKind.Enforced }, Contracts = [],
    };

    private string Plan(int device) => JsonSerializer.Serialize(new
    {
        deviceId = Device(device), task = new { taskId = $"{fleet}-{device}", type = "deliver-pallet" }, frame = "hall-3",
        actions = Enumerable.Range(1, 20).Select(i => new
        {
            actionId = $"a{i}", actionType = "drive", duration = new { min = "PT1H", mode = "PT2H", max = "PT3H" },
            path = new { type = "LineString", coordinates = new[] { new[] { 2.0, 1.0 }, [18.5, 1.0] } },
        }),
        scope = new { actionTypes = new[] { "drive" }, offlineAllowance = "PT10M" },
    });

    private string Device(int number) => $"{fleet}-{number}";

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private long Uptime => (long)TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;

    /// <summary>The machine, the consumers and their store, without the parts of the worker that are not asked for here.</summary>
    private sealed class Worker : IAsyncDisposable
    {
        private readonly IHost host;
        private readonly DbContextOptions<PostgresStoreContext> beside;

        private Worker(IHost host, string beside) =>
            (this.host, this.beside) = (host, new DbContextOptionsBuilder<PostgresStoreContext>().UseNpgsql(beside).Options);

        /// <param name="beside">The way to the same database by which the test looks at it.</param>
        public static async Task<Worker> Start(string store, string beside, Uri broker, bool relay)
        {
            var builder = new HostBuilder();
            builder.ConfigureServices(services =>
            {
                services.AddLogging(log => log.SetMinimumLevel(LogLevel.Warning));
                services.AddSingleton(TimeProvider.System).AddSingleton(new ContractSettings()).AddSingleton<NewGuid>(() => NewId.NextGuid());
                services.AddPostgresStore(store);
                services.Configure<MassTransitHostOptions>(options => options.WaitUntilStarted = true);
                services.AddMassTransit(bus =>
                {
                    bus.DisableUsageTelemetry();
                    bus.AddExecutionManager<PostgresStoreContext>();
                    bus.Configure<DurabilityOptions>(options => options.RunRelay = relay);
                    bus.AddConfigureEndpointsCallback((_, _, endpoint) => (endpoint as IRabbitMqReceiveEndpointConfigurator)?.SetQuorumQueue());
                    bus.UsingRabbitMq((context, rabbit) =>
                    {
                        rabbit.Host(broker);
                        rabbit.ConfigureEndpoints(context);
                    });
                });
            });
            var worker = new Worker(builder.Build(), beside);
            await using (var db = new PostgresStoreContext(worker.beside))
            {
                await db.Database.MigrateAsync();
            }

            await worker.host.StartAsync();
            return worker;
        }

        public async Task<Guid> Submit(string plan)
        {
            await using var scope = host.Services.CreateAsyncScope();
            var submission = await scope.ServiceProvider.GetRequiredService<Submissions>().Submit(JsonDocument.Parse(plan).RootElement, null, default);
            await scope.ServiceProvider.GetRequiredService<StoreContext>().SaveChangesAsync();
            return ((Submission.Created)submission).ContractId;
        }

        public async Task<int> Renew()
        {
            await using var scope = host.Services.CreateAsyncScope();
            return await scope.ServiceProvider.GetRequiredService<RenewalSweep>().RunOnce(default);
        }

        public Task Publish<T>(T message) where T : class => host.Services.GetRequiredService<IBus>().Publish(message);

        public async Task<T> Read<T>(Func<StoreContext, Task<T>> read)
        {
            await using var db = new PostgresStoreContext(beside);
            return await read(db);
        }

        public async Task Until(Func<StoreContext, Task<bool>> condition, string what)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);
            while (!await Read(condition))
            {
                Assert.That(limit.IsCancellationRequested, Is.False, $"It never happened that {what}.");
                // Seldom, since what the looking allocates is counted too.
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await host.StopAsync();
            host.Dispose();
        }
    }
}
