using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Simulation;

namespace ExecutionManager.Journeys.Tests;

/// <summary>PostgreSQL, RabbitMQ and mosquitto, two workers, and everything that ends one of them.</summary>
[Category("Process")]
[NonParallelizable]
public sealed class When_two_workers_share_the_work
{
    private readonly string fleetName = Guid.NewGuid().ToString("N")[..8];
    private Servers servers = null!;

    [SetUp]
    public async Task Take()
    {
        servers = await Servers.TakeMigrated();
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
    [CancelAfter(600_000)]
    public async Task Should_complete_contracts_through_a_lost_connection_and_the_death_of_a_worker(CancellationToken cancellation)
    {
        await using var first = Worker();
        await using var second = Worker();
        await Task.WhenAll(first.Start(), second.Start());
        var fleet = Enumerable.Range(1, 4).Select(Device).ToList();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = fleet.Select(device => device.RunAsync(stop.Token)).ToList();
        var submitted = new Dictionary<string, MqttDevice>();
        foreach (var device in fleet)
        {
            submitted.Add(await When_the_worker_is_killed.Submit(first, device.DeviceId, $"{device.DeviceId}-1"), device);
            submitted.Add(await When_the_worker_is_killed.Submit(second, device.DeviceId, $"{device.DeviceId}-2"), device);
        }

        await Until(second, fleet[0], "live");
        await fleet[0].CutAsync();
        await Until(second, fleet[0], "projected");
        await first.Kill();
        fleet[0].Return();
        await second.Until("half of them are over", async () => (await When_the_worker_is_killed.Open(second)).Count <= submitted.Count / 2, TimeSpan.FromMinutes(4));
        await first.Start();
        await second.Until("every contract ends", async () => (await When_the_worker_is_killed.Open(second)).Count == 0, TimeSpan.FromMinutes(4));

        foreach (var (id, device) in submitted)
        {
            var contract = (await first.Get($"/contracts/{id}"))!;
            Assert.That(When_the_worker_is_killed.State(contract), Is.EqualTo("completed"), $"{contract}");
            await When_the_worker_is_killed.CheckHistory(first, id, device);
        }

        await stop.CancelAsync();
        await Task.WhenAll(running);
        Assert.That(await Task.WhenAll(first.Terminate(), second.Terminate()), Is.All.Zero, first.Output);
        await NothingWasMovedAside();
    }

    [Test]
    [CancelAfter(600_000)]
    public async Task Should_lose_and_double_nothing_when_each_server_is_killed(CancellationToken cancellation)
    {
        await using var first = Worker();
        await using var second = Worker();
        await Task.WhenAll(first.Start(), second.Start());
        await servers.Keep("told", nameof(ContractStateChanged), nameof(ContractEnded));
        var fleet = Enumerable.Range(1, 3).Select(Device).ToList();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = fleet.Select(device => device.RunAsync(stop.Token)).ToList();
        var submitted = new Dictionary<string, MqttDevice>();
        foreach (var server in new[] { "postgres", "rabbitmq", "mosquitto" })
        {
            foreach (var device in fleet)
            {
                submitted.Add(await When_the_worker_is_killed.Submit(first, device.DeviceId, $"{device.DeviceId}-{server}"), device);
            }

            await first.Until("something is on its way", async () => (await When_the_worker_is_killed.Open(first)).Any(one => When_the_worker_is_killed.State(one) is "pushing" or "live"));
            await Servers.Command("kill", server);
            await Servers.Command("start", server);
            await first.Until("ready again", async () => (await first.Get("/health/ready"))?["status"]?.GetValue<string>() == "ready");
        }

        Assert.That(first.Output, Does.Contain("the broker closed the connection, or went away").And.Not.Contain("NormalDisconnection"), "mosquitto");
        await second.Until("every contract ends", async () => (await second.Get("/health/ready"))?["status"]?.GetValue<string>() == "ready"
            && (await When_the_worker_is_killed.Open(second)).Count == 0, TimeSpan.FromMinutes(5));
        foreach (var (id, device) in submitted)
        {
            var contract = (await first.Get($"/contracts/{id}"))!;
            Assert.That(When_the_worker_is_killed.State(contract), Is.EqualTo("completed"), $"{contract}");
            await When_the_worker_is_killed.CheckHistory(first, id, device);
        }

        await second.Until("all is sent", async () => await Scrape.Of(second) is var seen && seen["em_outbox_depth"] == 0);
        await EachWasPublishedUnderOneId(first, submitted.Keys);
        await stop.CancelAsync();
        await Task.WhenAll(running);
        await NothingWasMovedAside();
        foreach (var said in new[] { first.Output, second.Output })
        {
            Assert.That(said.Split('\n').Where(line => line.StartsWith("   at ", StringComparison.Ordinal)), Is.Empty, said);
            Assert.That(said, Does.Contain("The database does not answer").And.Contain("MQTT adapter not connected"));
        }
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Should_be_seen_in_the_management_console(CancellationToken cancellation)
    {
        await using var worker = Worker();
        await worker.Start();

        var queues = (await servers.Queues()).ToDictionary(queue => queue!["name"]!.GetValue<string>(), queue => queue!.AsObject());
        foreach (var name in new[] { "contract", "device-connections", "telemetry", "adapter-commands", "task-assignments" })
        {
            Assert.That(queues.Keys, Does.Contain(name).And.Contain($"{name}_error"));
            Assert.That(queues[name]["type"]!.GetValue<string>(), Is.EqualTo("quorum"));
            Assert.That(queues[name]["arguments"]!["x-delivery-limit"]!.GetValue<int>(), Is.EqualTo(20));
            Assert.That(queues[name]["arguments"]!["x-dead-letter-exchange"]!.GetValue<string>(), Is.EqualTo($"{name}_error"));
            Assert.That(queues[$"{name}_error"]["arguments"]!["x-delivery-limit"], Is.Null, "looking at what failed must not throw it away");
        }

        JsonArray connections = [];
        await worker.Until("the connection is listed", async () => (connections = await servers.Management("connections")).Any(IsOurs));
        var shown = connections.First(IsOurs)!["client_properties"]!["connection_name"]!.GetValue<string>();
        Assert.That(shown, Does.Contain("execution-manager worker").And.Contain(Environment.MachineName));
        Assert.That(worker.Output, Does.Contain("RabbitMQ amqp://127.0.0.1").And.Not.Contain("guest"), "the block at the start, without the password");

        bool IsOurs(JsonNode? connection) => connection!["vhost"]?.GetValue<string>() == servers.Bus.AbsolutePath[1..];
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Should_move_what_nobody_can_read_to_the_error_queue_and_go_on(CancellationToken cancellation)
    {
        await using var worker = Worker();
        await worker.Start();

        await servers.Publish("contract", "application/vnd.masstransit+json", "no JSON");
        await worker.Until("it is moved aside", async () => await servers.Count("contract_error") == 1);

        var id = await When_the_worker_is_killed.Submit(worker, $"{fleetName}-1", $"{fleetName}-after");
        await worker.Until("the queue works", async () => (await worker.Get($"/contracts/{id}"))?["status"]?.GetValue<string>() == "awaitingConnection");
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Should_take_contracts_while_RabbitMQ_is_away(CancellationToken cancellation)
    {
        await using var worker = Worker();
        await worker.Start();
        await using var late = Worker();
        string before, during;
        await Servers.Command("stop", "rabbitmq");
        try
        {
            before = await When_the_worker_is_killed.Submit(worker, $"{fleetName}-1", $"{fleetName}-before");
            await worker.Until("it says so", async () => (await worker.Get("/health/ready"))!["parts"]!["bus"]!.GetValue<string>() != "ok");
            await late.Start("live");
            during = await When_the_worker_is_killed.Submit(late, $"{fleetName}-2", $"{fleetName}-during");
            await late.Until("it warns", () => Task.FromResult(late.Output.Contains("ConnectionStrings:Bus) does not answer", StringComparison.Ordinal)));
            Assert.That((await late.Get($"/contracts/{during}"))!["status"]!.GetValue<string>(), Is.EqualTo("preparing"));
        }
        finally
        {
            await Servers.Command("start", "rabbitmq");
        }

        foreach (var id in new[] { before, during })
        {
            await worker.Until("its message went out", async () => (await worker.Get($"/contracts/{id}"))?["status"]?.GetValue<string>() == "awaitingConnection");
        }

        // Once each, also of a worker whose queues alone were lost.
        await worker.Until("it says that it is back", () => Task.FromResult(worker.Output.Split('\n').Any(line => line.EndsWith("answers", StringComparison.Ordinal))));
        Assert.That(worker.Output.Split('\n').Count(line => line.Contains("RabbitMQ at", StringComparison.Ordinal)), Is.EqualTo(2), worker.Output);
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Should_give_no_message_up_while_RabbitMQ_is_dead(CancellationToken cancellation)
    {
        // A host whose sends give up after two seconds, and after one failure that is their own.
        var directory = Directory.CreateTempSubdirectory("em-dead-").FullName;
        await using var worker = new WorkerProcess(directory, [.. servers.Connections(), "--Relay:MaxAttempts=1", "--Deadlines:Push=00:00:05", $"--crash={Path.Combine(directory, "none")}"]) { Program = "CrashHost" };
        await worker.Start();
        var before = await When_the_worker_is_killed.Submit(worker, $"{fleetName}-2", $"{fleetName}-waits");
        await worker.Until("it waits", async () => (await worker.Get($"/contracts/{before}"))?["status"]?.GetValue<string>() == "awaitingConnection");
        await Servers.Command("kill", "rabbitmq");
        string during;
        try
        {
            during = await When_the_worker_is_killed.Submit(worker, $"{fleetName}-1", $"{fleetName}-dead");
            await worker.Until("it says what fails", async () => (await worker.Get("/health/ready"))!["parts"]!["relay"]!.GetValue<string>().StartsWith("nothing can be sent", StringComparison.Ordinal));
            await worker.Until("it is measured", async () => await Scrape.Of(worker) is var seen && seen["em_deadlines_overdue"] >= 1 && seen["em_outbox_oldest_seconds"] > 0);
        }
        finally
        {
            await Servers.Command("start", "rabbitmq");
        }

        await worker.Until("its message went out", async () => (await worker.Get($"/contracts/{during}"))?["status"]?.GetValue<string>() == "awaitingConnection");
        Assert.That((await worker.Get("/messages/parked"))!["items"]!.AsArray(), Is.Empty);
        await worker.Until("ready", async () => (await worker.Get("/health/ready"))?["status"]?.GetValue<string>() == "ready");
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Should_come_back_when_its_refused_login_is_put_right(CancellationToken cancellation)
    {
        var user = $"late-{fleetName}";
        var bus = new UriBuilder(servers.Bus) { UserName = user, Password = "right" }.Uri;
        await using var worker = new WorkerProcess(Directory.CreateTempSubdirectory("em-late-").FullName, servers.Connections(bus));
        await worker.Start("live");
        await worker.Until("it says why", () => Task.FromResult(worker.Output.Contains("ACCESS_REFUSED", StringComparison.Ordinal)));
        await servers.Account(user, "right");
        await worker.Until("ready", IsReady);

        await servers.Account(user, "changed");
        await worker.Until("not ready", async () =>
        {
            await servers.Disconnect(user);
            return !await IsReady();
        });
        var id = await When_the_worker_is_killed.Submit(worker, $"{fleetName}-1", $"{fleetName}-late");
        await servers.Account(user, "right");
        await worker.Until("its message went out", async () => (await worker.Get($"/contracts/{id}"))?["status"]?.GetValue<string>() == "awaitingConnection");
        await worker.Until("ready again", IsReady);

        async Task<bool> IsReady() => (await worker.Get("/health/ready"))?["status"]?.GetValue<string>() == "ready";
    }

    [Test]
    public async Task Should_refuse_a_database_that_was_not_migrated_or_by_a_later_version_and_name_the_verb([Values] bool later)
    {
        await using var other = later ? await Servers.TakeMigrated() : await Servers.Take();
        if (later)
        {
            await using var source = Npgsql.NpgsqlDataSource.Create(other.Store);
            await using var migrated = source.CreateCommand("""INSERT INTO "__EFMigrationsHistory" VALUES ('29991231235959_OfALaterVersion', '99.0.0')""");
            await migrated.ExecuteNonQueryAsync();
        }

        var (code, _, error) = await WorkerProcess.RunToEnd([$"--urls=http://127.0.0.1:{WorkerProcess.FreePort()}", .. other.Connections()]);
        Assert.That((code, error), Is.EqualTo((69, error)));
        Assert.That(error, Does.StartWith($"ConnectionStrings:Store: the database {(later ? "was brought to its schema by a later version's" : "is not at the schema of this version")}").And.Contain("'migrate'").And.Not.Contain("   at "));
    }

    [Test]
    public async Task Should_declare_its_topology_without_consuming()
    {
        var (code, said, error) = await WorkerProcess.RunToEnd(["topology", .. servers.Connections()]);
        Assert.That(code, Is.Zero, said + error);
        Assert.That((await servers.Queues()).Select(queue => queue!["name"]!.GetValue<string>()), Does.Contain("contract").And.Contain("contract_error"));

        var page = await File.ReadAllTextAsync(Path.Combine(When_the_readme_is_followed.Root(), "docs", "asyncapi.yaml"));
        var published = Regex.Matches(page, @"^  (\w+): \{action: send", RegexOptions.Multiline).Select(match => $"ExecutionManager.Contracts.Messages:{match.Groups[1].Value}").ToList();
        Assert.That(published, Has.Count.GreaterThan(10));
        Assert.That((await servers.Exchanges()).Select(exchange => exchange!["name"]!.GetValue<string>()), Is.SupersetOf(published), "others bind to them first");
    }

    /// <summary>Each transition of the histories and one end for each contract; twice only under the same id.</summary>
    private async Task EachWasPublishedUnderOneId(WorkerProcess worker, IEnumerable<string> contracts)
    {
        var told = (await servers.ReadAll("told")).Select(one => (Name: one["messageType"]![0]!.GetValue<string>().Split(':')[^1],
                Contract: one["message"]!["contractId"]!.GetValue<string>(), Version: one["message"]!["version"]!.GetValue<int>(), Id: one["messageId"]!.GetValue<string>()))
            .Distinct().Select(one => $"{one.Name} {one.Contract} {one.Version}").ToList();
        var happened = new List<string>();
        foreach (var id in contracts)
        {
            var last = 0;
            for (var cursor = ""; cursor is not null;)
            {
                var page = (await worker.Get($"/contracts/{id}/history?limit=200{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}"))!;
                foreach (var transition in page["items"]!.AsArray().Where(item => item!["to"] is not null))
                {
                    last = transition!["version"]!.GetValue<int>();
                    happened.Add($"{nameof(ContractStateChanged)} {id} {last}");
                }

                cursor = page["nextCursor"]?.GetValue<string>();
            }

            happened.Add($"{nameof(ContractEnded)} {id} {last}");
        }

        Assert.That(told, Is.EquivalentTo(happened));
    }

    private async Task NothingWasMovedAside()
    {
        foreach (var queue in (await servers.Queues()).Select(queue => queue!["name"]!.GetValue<string>()).Where(name => name.EndsWith("_error", StringComparison.Ordinal)))
        {
            Assert.That(await servers.Count(queue), Is.Zero, $"{queue}: nothing was moved aside");
        }
    }

    private WorkerProcess Worker() => new(Directory.CreateTempSubdirectory("em-production-").FullName,
        [.. servers.Connections(), "--Deadlines:Accept=00:00:05", "--Deadlines:Command=00:00:05", "--Deadlines:CatchUp=00:00:05"]);

    private MqttDevice Device(int number) => new(
        new DeviceProfile { DeviceId = $"{fleetName}-{number}", Seed = number, ReportInterval = TimeSpan.FromSeconds(1) },
        new MqttDeviceOptions { Host = servers.Mqtt.Host, Port = servers.Mqtt.Port, BackOffLongest = TimeSpan.FromSeconds(1) }, TimeProvider.System);

    private static Task Until(WorkerProcess worker, MqttDevice device, string state) => worker.Until(
        $"{device.DeviceId} has a contract that is {state}",
        async () => (await When_the_worker_is_killed.Open(worker)).Any(one => When_the_worker_is_killed.State(one) == state && one["deviceId"]!.GetValue<string>() == device.DeviceId));
}
