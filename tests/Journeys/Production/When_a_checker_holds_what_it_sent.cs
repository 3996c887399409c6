using ExecutionManager.Simulation;
using Npgsql;

namespace ExecutionManager.Journeys.Tests;

/// <summary>
/// PostgreSQL, RabbitMQ and two hosts, of which one dies at a named point. The checker is a program of its own: it plays Scheduler
/// and devices, and compares what it sent with state, history and what was published.
/// </summary>
[Category("Process")]
[NonParallelizable]
public sealed class When_a_checker_holds_what_it_sent
{
    private const int KilledBySigKill = 128 + 9;
    private readonly string directory = Directory.CreateTempSubdirectory("em-crash-").FullName;
    private Servers servers = null!;
    private WorkerProcess[] hosts = [];

    private string Orders => Path.Combine(directory, "orders");

    [OneTimeSetUp]
    public async Task Start()
    {
        servers = await Servers.TakeMigrated();
        hosts = [Host("first"), Host("second")];
    }

    /// <summary>A test that failed may have left one dead.</summary>
    [SetUp]
    public Task Revive() => StartAll();

    [OneTimeTearDown]
    public async Task Stop()
    {
        foreach (var host in hosts)
        {
            await host.DisposeAsync();
        }

        if (servers is not null)
        {
            await servers.DisposeAsync();
        }
    }

    /// <summary>The point, the message that is to pass it, and which time it passes.</summary>
    [TestCase("afterInboxInsert", "TaskAssigned", 2)]
    [TestCase("afterSagaLoad", "ContractAcknowledged", 1)]
    [TestCase("beforeCommit", "ExecutionReported", 10)]
    [TestCase("afterCommitBeforeAck", "TaskAssigned", 1)]
    [TestCase("afterCommitBeforeAck", "ExecutionReported", 20)]
    [TestCase("afterClaimBeforeSend", "PushContract", 1)]
    [TestCase("afterSendBeforeDelete", "ContractStateChanged", 3)]
    public async Task Should_find_nothing_lost_and_nothing_doubled_after_a_death(string point, string message, int times)
    {
        var (code, said) = await Die($"{point}:{message}:{times}", patience: 60);

        Assert.That(code, Is.Zero, said);
    }

    [Test]
    public async Task Should_answer_the_same_submission_after_a_death_between_commit_and_answer()
    {
        await Order("afterCommitBeforeAck:POST:1");
        var (host, other) = (hosts[0], hosts[1]);
        var document = When_the_worker_is_killed.Document(Guid.NewGuid().ToString(), "nobody-home", "T-answer").ToJsonString();
        var death = host.Ended();
        Assert.That(() => Submit(host), Throws.InstanceOf<HttpRequestException>());
        Assert.That(await death, Is.EqualTo(KilledBySigKill), host.Output);
        Assert.That(await Submit(other), Is.EqualTo(200), "the other one knows it already");
        await host.Start();

        Assert.That(await Submit(host), Is.EqualTo(200), "and so does this one, when it is back");

        async Task<int> Submit(WorkerProcess to)
        {
            using var answer = await to.Http.PostAsync("/contracts", new StringContent(document, null, "application/json"));
            return (int)answer.StatusCode;
        }
    }

    [TestCase("ContractAcknowledged", 1)]
    [TestCase("ExecutionReported", 3)]
    public async Task Should_apply_every_entry_once_after_a_death_between_bus_and_device(string message, int times)
    {
        var profile = new DeviceProfile { DeviceId = $"dying-{Guid.NewGuid():N}"[..16], Seed = 1, ReportInterval = TimeSpan.FromSeconds(1) };
        var device = new MqttDevice(profile, new MqttDeviceOptions { Port = servers.Mqtt.Port, BackOffLongest = TimeSpan.FromSeconds(1) }, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = device.RunAsync(stop.Token);
        await Order($"afterPublishBeforePuback:{message}:{times}");
        var death = Death();
        var id = await When_the_worker_is_killed.Submit(hosts[0], device.DeviceId, $"T-{device.DeviceId}");
        var dead = await death;
        var other = hosts.Single(one => one != dead);

        await other.Until("its contract completes", async () => When_the_worker_is_killed.State((await other.Get($"/contracts/{id}"))!) == "completed");
        await dead.Start();
        await When_the_worker_is_killed.CheckHistory(dead, id, device);
        await stop.CancelAsync();
        await running;
    }

    [Test]
    public async Task Should_find_what_is_doubled_without_an_inbox()
    {
        await Order("withoutInbox");
        var (code, said) = await Check(patience: 3);
        File.Delete(Orders);

        Assert.That(code, Is.EqualTo(1), said);
        Assert.That(said, Does.Match("doubled: .*TaskAccepted came [4-9] times for 2"));
    }

    [Test]
    public async Task Should_find_what_is_lost_when_the_relay_deletes_before_it_sends()
    {
        var (code, said) = await Die("deleteBeforeSend\nafterClaimBeforeSend:ContractEnded:1", patience: 10);

        Assert.That(code, Is.EqualTo(1), said);
        Assert.That(said, Does.Contain("ContractEnded came 0 times for 1"));
    }

    [Test]
    public async Task Should_find_each_of_forty_entries_at_once_applied_by_two_workers()
    {
        var (code, said) = await Check(entries: 40, again: true);

        Assert.That(code, Is.Zero, said);
    }

    [Test]
    public async Task Should_find_nothing_half_done_when_the_workers_are_told_to_end_in_the_middle()
    {
        var middle = new TaskCompletionSource();
        var check = Check(entries: 40, again: true, heard: line =>
        {
            if (line.EndsWith("entries go out", StringComparison.Ordinal))
            {
                middle.TrySetResult();
            }
        });
        await Task.WhenAny(middle.Task, check);

        var codes = await Task.WhenAll(hosts.Select(host => host.Terminate()));
        Assert.That(codes, Is.All.Zero, hosts[0].Output);
        Assert.That(await servers.Count("contract"), Is.Positive, "it was in the middle");
        Assert.That(await Taken(), Is.Zero, "what the relay had taken is sent and gone, or free");

        await StartAll();
        var (code, said) = await check;
        Assert.That(code, Is.Zero, said);
    }

    private WorkerProcess Host(string name) =>
        new(Path.Combine(directory, name), [.. servers.Connections(), $"--crash={Orders}"]) { Program = "CrashHost" };

    private Task StartAll() => Task.WhenAll(hosts.Where(host => !host.IsRunning).Select(host => host.Start()));

    private Task Order(string orders)
    {
        foreach (var passed in Directory.GetFiles(directory, "orders.*"))
        {
            File.Delete(passed);
        }

        return File.WriteAllTextAsync(Orders, orders);
    }

    /// <summary>One of the hosts dies as ordered; the other one alone does all that was sent, and everything is sent again while the dead one is back.</summary>
    private async Task<(int Code, string Output)> Die(string orders, int patience)
    {
        await Order(orders);
        var alone = new TaskCompletionSource();
        var check = Check(patience: patience, again: true, heard: line =>
        {
            if (line.StartsWith("all is well", StringComparison.Ordinal))
            {
                alone.TrySetResult();
            }
        });
        var death = Death();
        if (await Task.WhenAny(death, check) == check)
        {
            File.Delete(Orders);
            Assert.Fail($"None died at {orders}.\n{(await check).Output}\n{hosts[0].Output}");
        }

        var dead = await death;
        await Task.WhenAny(alone.Task, check);
        await dead.Start();
        return await check;
    }

    /// <summary>The first of the hosts to die.</summary>
    private async Task<WorkerProcess> Death()
    {
        var ends = hosts.Select(host => host.Ended()).ToArray();
        var end = await Task.WhenAny(ends);
        var dead = hosts[Array.IndexOf(ends, end)];
        Assert.That(await end, Is.EqualTo(KilledBySigKill), dead.Output);
        return dead;
    }

    private async Task<(int Code, string Output)> Check(int entries = 12, int patience = 60, bool again = false, Action<string>? heard = null)
    {
        var urls = string.Join(',', hosts.Select(host => host.Http.BaseAddress));
        var (code, said, error) = await WorkerProcess.RunToEnd(
            "Checker", heard ?? (_ => { }), $"--bus={servers.Bus}", $"--api={urls}", "--contracts=1", $"--entries={entries}", $"--again={again}", $"--patience={patience}");
        return (code, said + error);
    }

    private async Task<long> Taken()
    {
        await using var source = NpgsqlDataSource.Create(servers.Store);
        await using var count = source.CreateCommand("""SELECT count(*) FROM "Outbox" WHERE "SentAt" IS NOT NULL AND "ParkedAt" IS NULL""");
        return (long)(await count.ExecuteScalarAsync())!;
    }
}
