using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using ExecutionManager.Simulation;
using MQTTnet;
using MQTTnet.Protocol;
using Npgsql;

namespace ExecutionManager.Journeys.Tests;

/// <summary>Every exchange of docs/integrating.md, its JSON taken from there, against a worker on RabbitMQ by a client without MassTransit.</summary>
[Category("Process")]
[NonParallelizable]
[TestFixture, CancelAfter(90_000)]
public sealed class When_the_integrating_page_is_followed
{
    private readonly IntegratingPage page = new();
    private readonly CancellationTokenSource stop = new();
    private readonly List<Task> devices = [];
    private Servers servers = null!;
    private WorkerProcess worker = null!;
    private PlainClient client = null!;

    private static string Assignment => IntegratingPage.Blocks("Scheduler", "json → EM").First().Body;

    [OneTimeSetUp]
    public async Task Start()
    {
        servers = await Servers.TakeMigrated();
        client = await PlainClient.Connect(servers.Bus, [
            "TaskAccepted", "TaskRejected", "RecoveryRequested", "ReassignmentRequested", "EscalationRaised", "ReplanRequested", "SpatialDataRequested", "ContractStateChanged", "ContractReconciled", "ContractEnded",
            "ContractProgressed", "LateEvidenceFound", "DuplicateExecution"]);
        worker = new WorkerProcess(Directory.CreateTempSubdirectory("em-integrating-").FullName, servers.Connections());
        await worker.Start();
        Run("agv-16", _ => ActionBehaviour.AsPlanned);
        Run("agv-17", _ => ActionBehaviour.AsPlanned);
        Run("agv-18", action => action.ActionId == "a1" ? new ActionBehaviour { FailWith = "blocked" } : ActionBehaviour.AsPlanned);
        foreach (var skipping in new[] { "agv-14", "agv-15", "agv-19" })
        {
            Run(skipping, action => action.ActionId == "a1" ? new ActionBehaviour { Skip = true } : ActionBehaviour.AsPlanned);
        }
    }

    [OneTimeTearDown]
    public async Task End()
    {
        await stop.CancelAsync();
        await Task.WhenAll(devices);
        stop.Dispose();
        if (worker is not null)
        {
            await worker.DisposeAsync();
            await client.DisposeAsync();
        }

        if (servers is not null)
        {
            await servers.DisposeAsync();
        }
    }

    [TestCase("Scheduler")]
    [TestCase("Policy Service")]
    [TestCase("Planner")]
    [TestCase("Equator")]
    [TestCase("Operators")]
    [TestCase("Applications")]
    public async Task Should_go_as_it_says(string section, CancellationToken ct)
    {
        switch (section)
        {
            case "Scheduler":
                await Assign(10, "agv-18");
                await Decide(10, "reassign", ct);
                break;
            case "Policy Service":
                await Assign(3, "agv-18");
                break;
            case "Planner":
                foreach (var (number, device) in new[] { (4, "agv-19"), (14, "agv-14"), (15, "agv-15") })
                {
                    await Assign(number, device, contract => contract["actions"]![1]!["duration"] = JsonNode.Parse("""{"min": "PT50S", "mode": "PT1M", "max": "PT2M"}"""));
                    await worker.Until("it does what comes second", async () => (await worker.Get($"/contracts/{Contract(number)}"))?["actual"]?["actions"]?["a2"] is not null);
                    await client.Publish("ReconcileContract", JsonNode.Parse($$"""{"contractId":"{{Contract(number)}}","reason":"does it fit?","requestedBy":"ops"}""")!.AsObject(), IntegratingPage.Envelope);
                }

                break;
            case "Equator":
                foreach (var (number, name) in new[] { (5, "zones"), (16, "racks") })
                {
                    await Assign(number, "agv-20", contract => contract["dataRequests"] = JsonNode.Parse($$$"""[{"name":"{{{name}}}","source":"equator","query":{"bbox":[0,0,40,30]}}]"""));
                }

                break;
            case "Operators":
                await Assign(6, "agv-16", contract => contract["actions"]![0]!["duration"] = JsonNode.Parse("""{"min": "PT50S", "mode": "PT1M", "max": "PT2M"}"""));
                await worker.Until("it is live", async () => (await worker.Get($"/contracts/{Contract(6)}"))?["status"]?.GetValue<string>() == "live");
                await Assign(12, "agv-18");
                await Decide(12, "escalate", ct);
                break;
            case "Applications":
                await Assign(8, "agv-17", Lasting);
                await WorkBeyondTheLease(18, "agv-13", 19, ct);
                break;
        }

        foreach (var (kind, name, body) in IntegratingPage.Blocks(section, "json"))
        {
            if (kind == "json → EM")
            {
                await client.Publish(name, page.Say(body), IntegratingPage.Envelope);
            }
            else if (kind == "json EM →")
            {
                await client.Hear(name, message => page.Fits(body, message), ct);
            }
        }
    }

    [Test]
    public async Task Should_show_applications_the_stream_that_it_says(CancellationToken ct)
    {
        await Assign(8, "agv-17", Lasting);
        var lines = IntegratingPage.Blocks("Applications", "text stream").Single().Body.Split('\n');
        using var stream = await EventReader.Open(worker.Http, $"/contracts/{Contract(8)}/events", "0");
        SentEvent? sent;
        do
        {
            sent = await stream.Next(ct);
        }
        while (sent is not null && $"event: {sent.Name}" != lines[1]);

        Assert.That(sent?.Id, Does.Match("^[0-9]+$"));
        Assert.That(page.Fits(lines[2]["data: ".Length..], sent!.Data!), sent.Data!.ToJsonString());
    }

    [Test]
    public async Task Should_show_progress_without_an_id_at_every_worker(CancellationToken ct)
    {
        await using var other = new WorkerProcess(Directory.CreateTempSubdirectory("em-integrating-").FullName, servers.Connections());
        await other.Start();
        using var here = await EventReader.Open(worker.Http, "/events");
        using var there = await EventReader.Open(other.Http, "/events");
        await Assign(9, "agv-17", Lasting);

        var (one, two) = (await Progress(here, ct), await Progress(there, ct));

        Assert.That(one, Has.Count.GreaterThan(2));
        Assert.That(two.Select(sent => sent.ToJsonString()), Is.EqualTo(one.Select(sent => sent.ToJsonString())));
        Assert.That(one.Select(sent => sent["progress"]!.GetValue<double>()), Is.Ordered.And.All.InRange(0, 1));
        Assert.That(one.Select(sent => sent["certainty"]!.GetValue<string>()), Is.All.EqualTo("confirmed"));
        var instants = one.Select(sent => DateTimeOffset.Parse(sent["at"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.That(instants, Is.Ordered.And.Unique);
    }

    private static async Task<List<JsonObject>> Progress(EventReader stream, CancellationToken ct)
    {
        var told = new List<JsonObject>();
        while (await stream.Next(ct) is { } sent)
        {
            if (sent.Data?["contractId"]?.GetValue<string>() != Contract(9))
            {
                continue;
            }

            if (sent.Name == "ContractEnded")
            {
                break;
            }

            if (sent.Name == "ContractProgressed")
            {
                Assert.That(sent.Id, Is.Null);
                told.Add(sent.Data);
            }
        }

        return told;
    }

    [TestCase("RecoveryDecided", 7, "recovery")]
    [TestCase("EscalationResolved", 13, "escalation")]
    public async Task Should_take_a_decision_from_the_management_console(string name, int number, string part, CancellationToken ct)
    {
        await Assign(number, "agv-18");
        if (part == "escalation")
        {
            await Decide(number, "escalate", ct);
        }

        var body = IntegratingPage.Blocks("Operators", "json console").Single(block => block.Name == name).Body;
        JsonNode? id = null;
        await worker.Until($"it shows its {part}", async () => (id = (await worker.Get($"/contracts/{Contract(number)}"))?[part]?[$"{part}Id"]) is not null);
        page.Meet($"0198f0c4-1a2b-7c3d-8e4f-{number:D12}", id!.GetValue<string>());

        await servers.Publish($"ExecutionManager.Contracts.Messages:{name}", "application/vnd.masstransit+json", page.Say(body).ToJsonString());

        await client.Hear("ContractEnded", message => page.Fits($$$"""{"contractId":"{{{Contract(number)}}}","outcome":{"status":"completed"}}""", message), ct);
    }

    [Test]
    public async Task Should_resume_a_stream_at_another_worker_when_one_is_killed(CancellationToken ct)
    {
        var read = new List<string>();
        await using var other = new WorkerProcess(Directory.CreateTempSubdirectory("em-integrating-").FullName, servers.Connections());
        await other.Start();
        using var stream = await EventReader.Open(other.Http, "/events", "0");
        for (var number = 100; number < 110; number++)
        {
            await Assign(number, "agv-20");
        }

        read.AddRange((await stream.Take(5, ct)).Select(sent => sent.Id!));
        await other.Kill();
        try
        {
            while (await stream.Next(ct) is { } sent)
            {
                read.Add(sent.Id!);
            }
        }
        catch (Exception cut) when (cut is IOException or HttpRequestException)
        {
            // It was killed in the middle of a sentence.
        }

        await Assign(110, "agv-20");
        using var resumed = await EventReader.Open(worker.Http, "/events", stream.LastEventId);
        while (await resumed.Next(ct) is { } sent)
        {
            if (sent.Data is { } data)
            {
                read.Add(sent.Id!);
                if (data["contractId"]!.GetValue<string>() == Contract(110))
                {
                    break;
                }
            }
        }

        read.RemoveAll(id => id is null);   // progress of contracts of other tests: streamed, and never again
        await using var source = NpgsqlDataSource.Create(servers.Store);
        await using var command = source.CreateCommand("""SELECT "Sequence" FROM events WHERE "Name" <> 'JournalApplied' ORDER BY "Sequence" """);
        await using var rows = await command.ExecuteReaderAsync(ct);
        var expected = new List<string>();
        while (expected.Count < read.Count && await rows.ReadAsync(ct))
        {
            expected.Add($"{rows.GetInt64(0)}");
        }

        Assert.That(read, Is.EqualTo(expected));
    }

    /// <summary>A device takes a contract, is away until its task is another's, and comes back with what it did meanwhile.</summary>
    private async Task WorkBeyondTheLease(int number, string shown, int successor, CancellationToken ct)
    {
        var (deviceId, contractId, since) = (page.Device(shown), Contract(number), Stopwatch.StartNew());
        using var device = new MqttClientFactory().CreateMqttClient();
        var pushed = new TaskCompletionSource<JsonNode>();
        device.ApplicationMessageReceivedAsync += received =>
        {
            pushed.TrySetResult(JsonNode.Parse(received.ApplicationMessage.ConvertPayloadToString())!);
            return Task.CompletedTask;
        };
        await device.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", servers.Mqtt.Port).WithClientId(deviceId).Build(), ct);
        await device.SubscribeAsync($"em/v1/{deviceId}/contract", MqttQualityOfServiceLevel.AtLeastOnce, ct);

        await Birth(1, "[]");
        await Assign(number, shown, contract =>
        {
            contract["scope"]!["offlineAllowance"] = "PT5S";
            contract["scope"]!["stopTime"] = "PT1S";
            foreach (var action in contract["actions"]!.AsArray())
            {
                action!["idempotent"] = true;   // it may be given away while nobody knows how far it got
            }
        });
        await Say(1, "contract/ack", $$"""
            "contractId":"{{contractId}}","revision":1,"contentHash":"{{(await pushed.Task.WaitAsync(ct))["contentHash"]}}","accepted":true
            """);
        await Say(1, "journal", $"""
            "contractId":"{contractId}","tail":2,"entries":[{Entry(1, "accepted")},{Entry(2, "actionStarted", "a1")}]
            """);
        await worker.Until("it is live", async () => (await worker.Get($"/contracts/{contractId}"))?["status"]?.GetValue<string>() == "live");
        var finished = Entry(3, "actionFinished", "a1");
        await Say(1, "connection", """ "state":"offline" """);

        await Decide(number, "reassign", ct);
        await client.Hear("ReassignmentRequested", message => message["contractId"]!.GetValue<string>() == contractId, ct);
        await Assign(successor, "agv-20", contract => contract["task"]!["taskId"] = $"T-{number}");

        await Birth(2, $$"""[{"contractId":"{{contractId}}","revision":1,"status":"running","tail":4,"ackedThrough":2}]""");
        await Say(2, "journal", $"""
            "contractId":"{contractId}","tail":4,"entries":[{finished},{Entry(4, "actionStarted", "a2")}]
            """);

        Task Birth(int epoch, string contracts) => Say(epoch, "connection", $$"""
            "state":"online","reportInterval":"PT1M","capabilities":{"evidence":"journal","lease":"enforced"},"contracts":{{contracts}}
            """);

        Task Say(int epoch, string topic, string body) => device.PublishStringAsync(
            $"em/v1/{deviceId}/{topic}", $$"""{{{body}},"connectionEpoch":{{epoch}},"uptimeMs":{{since.ElapsedMilliseconds}},"sentAt":"{{Now()}}"}""",
            MqttQualityOfServiceLevel.AtLeastOnce, cancellationToken: ct);

        static string Entry(int seq, string type, string? actionId = null) =>
            $$"""{"seq":{{seq}},"revision":1,"at":"{{Now()}}","type":"{{type}}"{{(actionId is null ? "" : $",\"actionId\":\"{actionId}\"")}}}""";

        static string Now() => TimeProvider.System.GetUtcNow().UtcDateTime.ToString("o", CultureInfo.InvariantCulture);
    }

    /// <summary>Long enough for its device to tell how far it is.</summary>
    private static void Lasting(JsonObject contract) => contract["actions"]![0]!["duration"] = JsonNode.Parse("""{"min": "PT8S", "mode": "PT8S", "max": "PT9S"}""");

    private static string Contract(int number) => $"0198f0c2-0000-7000-8000-{number:D12}";

    /// <summary>The contract of a section: that of the page, for another device and task.</summary>
    private async Task Assign(int number, string device, Action<JsonObject>? change = null)
    {
        var contract = JsonNode.Parse(Assignment)!.AsObject();
        (contract["contractId"], contract["deviceId"], contract["task"]!["taskId"]) = (Contract(number), page.Device(device), $"T-{number}");
        change?.Invoke(contract);
        await client.Publish("TaskAssigned", contract, IntegratingPage.Envelope);
        await worker.Until("it has begun", async () => (await worker.Get($"/contracts/{Contract(number)}"))?["version"]?.GetValue<int>() > 0);
    }

    /// <summary>What a Policy Service would say.</summary>
    private async Task Decide(int number, string strategy, CancellationToken ct)
    {
        var asked = await client.Hear("RecoveryRequested", message => message["contractId"]!.GetValue<string>() == Contract(number), ct);
        var decided = new JsonObject { ["contractId"] = Contract(number), ["recoveryId"] = asked["recoveryId"]!.DeepClone(), ["strategy"] = strategy, ["reason"] = "the rule says so" };
        await client.Publish("RecoveryDecided", decided, IntegratingPage.Envelope);
    }

    private void Run(string deviceId, Func<ActionContext, ActionBehaviour> behaviour) => devices.Add(new MqttDevice(
        new DeviceProfile { DeviceId = page.Device(deviceId), Seed = 1, ReportInterval = TimeSpan.FromSeconds(1), Script = new DeviceScript { OnAction = behaviour } },
        new MqttDeviceOptions { Host = servers.Mqtt.Host, Port = servers.Mqtt.Port, BackOffLongest = TimeSpan.FromSeconds(1) }, TimeProvider.System).RunAsync(stop.Token));
}
