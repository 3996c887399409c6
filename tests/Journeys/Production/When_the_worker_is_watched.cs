using ExecutionManager.Simulation;
using Microsoft.Data.Sqlite;
using MQTTnet;
using Npgsql;

namespace ExecutionManager.Journeys.Tests;

/// <summary><c>/metrics</c> counts what happened, <c>/health/ready</c> names the part that is not, and neither waits for a part that is gone.</summary>
[Category("Process")]
[NonParallelizable]
public sealed class When_the_worker_is_watched
{
    private readonly string fleetName = Guid.NewGuid().ToString("N")[..8];

    [Test]
    [CancelAfter(300_000)]
    public async Task Should_count_what_happened(CancellationToken cancellation)
    {
        await using var worker = new WorkerProcess(Directory.CreateTempSubdirectory("em-watched-").FullName, "--Deadlines:Push=00:00:02");
        await worker.Start();
        var device = new MqttDevice(
            new DeviceProfile { DeviceId = "agv-1", Seed = 1, ReportInterval = TimeSpan.FromSeconds(1) }, new MqttDeviceOptions { Port = worker.MqttPort }, TimeProvider.System);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = device.RunAsync(stop.Token);
        await worker.Until("the device is connected", async () => (await worker.Get("/devices/agv-1"))?["connected"]?.GetValue<bool>() == true);
        var done = await When_the_worker_is_killed.Submit(worker, "agv-1", "T-1");
        var others = await When_the_worker_is_killed.Submit(worker, "agv-absent", "T-2");
        await worker.Until("one is completed", async () => (await worker.Get($"/contracts/{done}"))?["status"]?.GetValue<string>() == "completed");
        var ended = (await worker.Get($"/contracts/{done}/history?limit=200"))!["items"]!.AsArray().Last(item => item!["to"] is not null)!["from"]!.GetValue<string>();

        using var burst = await Connect(worker.MqttPort, cancellation);
        await burst.PublishAsync(
            new MqttApplicationMessageBuilder().WithTopic("em/v1/agv-9/journal")
                .WithPayload($$"""{"contractId":"{{others}}","entries":[],"tail":0,"sentAt":"2026-11-24T09:00:00Z","connectionEpoch":1,"uptimeMs":1}""").Build(), cancellation);
        Scrape seen = null!;
        await worker.Until("it is counted", async () =>
        {
            for (var message = 0; message < 20; message++)
            {
                await burst.PublishAsync(
                    new MqttApplicationMessageBuilder().WithTopic("em/v1/agv-1/telemetry")
                        .WithPayload("""{"at":"2026-11-24T09:00:00Z","sentAt":"2026-11-24T09:00:00Z","connectionEpoch":1,"uptimeMs":1}""").Build(), cancellation);
            }

            seen = await Scrape.Of(worker);
            return seen["em_transitions_total", "from=\"awaitingConnection\"", "to=\"recovering\""] == 1
                && seen["em_parked"] == 1 && seen["em_outbox_depth"] == 0 && seen["em_devices_connected"] >= 1 && seen["em_device_messages_rejected_total", "reason=\"notYourContract\""] == 1 && seen["em_telemetry_coalesced_total"] > 0;
        });

        Assert.Multiple(() =>
        {
            Assert.That(seen["em_transitions_total", "from=\"none\"", "to=\"awaitingConnection\""], Is.EqualTo(2), "one for each contract");
            Assert.That(seen["em_transitions_total", "from=\"awaitingConnection\"", "to=\"pushing\""], Is.EqualTo(1));
            Assert.That(seen["em_transitions_total", "from=\"pushing\"", "to=\"live\""], Is.EqualTo(1));
            Assert.That(seen["em_transitions_total", $"from=\"{ended}\"", "to=\"completed\""], Is.EqualTo(1));
            Assert.That(seen["em_failures_total", "kind=\"deviceUnreachable\""], Is.EqualTo(1));
            Assert.That(seen.Sum("em_failures_total"), Is.EqualTo(1));
            Assert.That(seen["em_device_messages_total", "topic=\"connection\""], Is.EqualTo(1));
            Assert.That(seen["em_device_messages_total", "topic=\"contract/ack\""], Is.EqualTo(1));
            Assert.That(seen["em_device_messages_total", "topic=\"journal\""], Is.GreaterThan(1));
            Assert.That(seen["em_outbox_oldest_seconds"], Is.Zero);
            Assert.That(seen["em_deadlines_overdue"], Is.Zero);
            Assert.That(seen["em_inbox_duplicates_total"], Is.Zero);
            Assert.That(seen["em_telemetry_dropped_total"], Is.Zero);
            Assert.That(seen.Sum("messaging_masstransit_saga_ea_total"), Is.GreaterThan(5), "MassTransit's own");
        });
        await stop.CancelAsync();
        await running;
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Should_measure_what_estimates_were_worth(CancellationToken cancellation)
    {
        await using var worker = new WorkerProcess(Directory.CreateTempSubdirectory("em-watched-").FullName);
        await worker.Start();
        var device = new MqttDevice(
            new DeviceProfile { DeviceId = "agv-1", Seed = 1, ReportInterval = TimeSpan.FromSeconds(1) }, new MqttDeviceOptions { Port = worker.MqttPort }, TimeProvider.System);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = device.RunAsync(stop.Token);
        var id = await When_the_worker_is_killed.Submit(worker, "agv-1", "T-1");
        await worker.Until("an action runs", async () => (await worker.Get($"/contracts/{id}"))?["actual"]?["actions"]?["a1"] is not null);
        await device.CutAsync();
        await worker.Until("it is projected, and an action ends meanwhile", async () =>
            When_the_worker_is_killed.State((await worker.Get($"/contracts/{id}"))!) == "projected"
            && device.Read(one => one.Contracts.Concat(one.Closed).SelectMany(contract => contract.Journal).Any(entry => entry.Type == "completed")));
        var before = await Scrape.Of(worker);
        device.Return();
        Scrape seen = null!;
        await worker.Until("it is reconciled and counted", async () =>
            (await worker.Get($"/contracts/{id}"))?["divergence"] is not null && (seen = await Scrape.Of(worker))["em_estimate_incorrect_seconds_count"] > 0);
        Assert.Multiple(() =>
        {
            Assert.That((before.Sum("em_estimate_ends_total"), before["em_estimate_incorrect_seconds_count"] ?? 0), Is.EqualTo((0, 0)), "nothing while it is away");
            Assert.That(seen["em_estimate_incorrect_seconds_count"], Is.EqualTo(1), "of one offline period");
            Assert.That(seen["em_estimate_incorrect_seconds_sum"], Is.GreaterThanOrEqualTo(0));
            Assert.That((seen["em_estimate_ends_total", "inside=\"true\""] ?? 0) + (seen["em_estimate_ends_total", "inside=\"false\""] ?? 0), Is.InRange(1, 4), $"{seen}");
        });
        await stop.CancelAsync();
        await running;
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Should_say_that_an_embedded_database_takes_no_writes(CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("em-watched-").FullName;
        await using var worker = new WorkerProcess(directory);
        await worker.Start();
        await using (var other = new SqliteConnection($"Data Source={Path.Combine(directory, "execution-manager.db")};Pooling=False"))
        {
            await other.OpenAsync(cancellation);
            // It can be read all the time: only a write finds out.
            await using var locked = other.BeginTransaction();
            await worker.Until("it says so", async () => await Part(worker, "store") != "ok");
            Assert.That((await worker.Get("/health/ready"))!["status"]!.GetValue<string>(), Is.EqualTo("unready"));
            Assert.That((await worker.Get("/contracts"))!["items"], Is.Not.Null);
        }

        await worker.Until("it is well again", async () => await Part(worker, "store") == "ok");
        Assert.That(worker.Output.Split('\n').Count(line => line.Contains("The database takes no writes", StringComparison.Ordinal)), Is.EqualTo(1), worker.Output);
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Should_count_duplicates_and_not_wait_for_a_database_that_takes_no_writes(CancellationToken cancellation)
    {
        await using var servers = await Servers.TakeMigrated();
        await using var worker = new WorkerProcess(Directory.CreateTempSubdirectory("em-watched-").FullName, servers.Connections());
        await worker.Start();
        var id = await When_the_worker_is_killed.Submit(worker, $"{fleetName}-1", $"{fleetName}-1");
        await worker.Until("it waits", async () => (await worker.Get($"/contracts/{id}"))?["status"]?.GetValue<string>() == "awaitingConnection");
        var cancel = $$$"""
            {"messageId":"{{{Guid.NewGuid()}}}","messageType":["urn:message:ExecutionManager.Contracts.Messages:CancelContract"],"message":{"contractId":"{{{id}}}","reason":"twice","requestedBy":"test"}}
            """;
        for (var time = 0; time < 3; time++)
        {
            await servers.Publish("ExecutionManager.Contracts.Messages:CancelContract", "application/vnd.masstransit+json", cancel);
        }

        Scrape seen = null!;
        await worker.Until("two were dropped", async () => (seen = await Scrape.Of(worker))["em_inbox_duplicates_total"] == 2);
        await worker.Until("one was carried out", async () => (seen = await Scrape.Of(worker)).Sum("em_transitions_total") == 3);
        Assert.That(seen["em_transitions_total", "from=\"stopping\"", "to=\"cancelled\""], Is.EqualTo(1), $"{seen}");

        await ReadOnly(servers, true, cancellation);
        await worker.Until("it says which part", async () => (await Part(worker, "store"))?.Contains("read-only", StringComparison.Ordinal) == true);
        // The exporter answers two scrapes at once alike.
        await worker.Until("what is not known is not a number", async () => (await Scrape.Of(worker))["em_outbox_depth"] is double.NaN);
        await ReadOnly(servers, false, cancellation);
        await worker.Until("it is well again", async () => (await worker.Get("/health/ready"))!["status"]!.GetValue<string>() == "ready" && (await Scrape.Of(worker))["em_outbox_depth"] == 0);
    }

    private static async Task<string?> Part(WorkerProcess worker, string part) => (await worker.Get("/health/ready"))?["parts"]?[part]?.GetValue<string>();

    private static async Task ReadOnly(Servers servers, bool on, CancellationToken cancellation)
    {
        var connection = new NpgsqlConnectionStringBuilder(servers.Store) { Pooling = false };
        var database = connection.Database;
        connection.Database = "postgres";
        await using var source = NpgsqlDataSource.Create(connection);
        await using var set = source.CreateCommand($"ALTER DATABASE {database} SET default_transaction_read_only = {(on ? "on" : "off")}");
        await set.ExecuteNonQueryAsync(cancellation);
        await using var end = source.CreateCommand($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'");
        await end.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task<IMqttClient> Connect(int port, CancellationToken cancellation)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithClientId("burst").Build(), cancellation);
        return client;
    }
}
