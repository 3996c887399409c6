using ExecutionManager.Simulation;
using Npgsql;

namespace ExecutionManager.Journeys.Tests;

/// <summary>
/// PostgreSQL, RabbitMQ and a host that dies at named points. The checker is a program of its own: it plays Scheduler and
/// devices, and compares what it sent with state, history and what was published.
/// </summary>
[Category("Process")]
[NonParallelizable]
public sealed class When_a_checker_holds_what_it_sent
{
    private const int KilledBySigKill = 128 + 9;
    private readonly string directory = Directory.CreateTempSubdirectory("em-crash-").FullName;
    private Servers servers = null!;
    private WorkerProcess host = null!;
    private WorkerProcess? second;

    private string Orders => Path.Combine(directory, "orders");

    [OneTimeSetUp]
    public async Task Start()
    {
        servers = await Servers.Take();
        var (code, said, error) = await WorkerProcess.RunToEnd(["migrate", .. servers.Connections()]);
        Assert.That(code, Is.Zero, said + error);
        host = new WorkerProcess(directory, [.. servers.Connections(), $"--crash={Orders}"]) { Program = "CrashHost" };
        await host.Start();
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        await EndSecond();
        if (host is not null)
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
        await File.WriteAllTextAsync(Orders, "afterCommitBeforeAck:POST:1");
        var document = When_the_worker_is_killed.Document(Guid.NewGuid().ToString(), "nobody-home", "T-answer").ToJsonString();
        var death = host.Ended();
        Assert.That(() => Submit(document), Throws.InstanceOf<HttpRequestException>());
        Assert.That(await death, Is.EqualTo(KilledBySigKill), host.Output);
        await host.Start();

        Assert.That(await Submit(document), Is.EqualTo(200), "it is known already");

        async Task<int> Submit(string body)
        {
            using var answer = await host.Http.PostAsync("/contracts", new StringContent(body, null, "application/json"));
            return (int)answer.StatusCode;
        }
    }

    [TestCase("ContractAcknowledged", 1)]
    [TestCase("ExecutionReported", 3)]
    public async Task Should_apply_every_entry_once_after_a_death_between_bus_and_device(string message, int times)
    {
        await EndSecond();
        var profile = new DeviceProfile { DeviceId = $"dying-{Guid.NewGuid():N}"[..16], Seed = 1, ReportInterval = TimeSpan.FromSeconds(1) };
        var device = new MqttDevice(profile, new MqttDeviceOptions { Port = servers.Mqtt.Port, BackOffLongest = TimeSpan.FromSeconds(1) }, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = device.RunAsync(stop.Token);
        await File.WriteAllTextAsync(Orders, $"afterPublishBeforePuback:{message}:{times}");
        var death = host.Ended();
        var id = await When_the_worker_is_killed.Submit(host, device.DeviceId, $"T-{device.DeviceId}");
        Assert.That(await death, Is.EqualTo(KilledBySigKill), host.Output);
        await host.Start();

        await host.Until("its contract completes", async () => When_the_worker_is_killed.State((await host.Get($"/contracts/{id}"))!) == "completed");
        await When_the_worker_is_killed.CheckHistory(host, id, device);
        await stop.CancelAsync();
        await running;
    }

    [Test]
    public async Task Should_find_what_is_doubled_without_an_inbox()
    {
        await File.WriteAllTextAsync(Orders, "withoutInbox");
        var (code, said) = await Check([], patience: 3);
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
        var (code, said) = await Check([await Second()], entries: 40);

        Assert.That(code, Is.Zero, said);
    }

    [Test]
    public async Task Should_find_nothing_half_done_when_the_workers_are_told_to_end_in_the_middle()
    {
        var other = await Second();
        var middle = new TaskCompletionSource();
        var check = Check([other], entries: 40, heard: line =>
        {
            if (line.EndsWith("entries are out", StringComparison.Ordinal))
            {
                middle.TrySetResult();
            }
        });
        await Task.WhenAny(middle.Task, check);

        var codes = await Task.WhenAll(host.Terminate(), other.Terminate());
        Assert.That(codes, Is.All.Zero, host.Output);
        Assert.That(await servers.Count("contract"), Is.Positive, "it was in the middle");
        Assert.That(await Taken(), Is.Zero, "what the relay had taken is sent and gone, or free");
        await EndSecond();

        await host.Start();
        var (code, said) = await check;
        Assert.That(code, Is.Zero, said);
    }

    private async Task<WorkerProcess> Second()
    {
        if (second is null)
        {
            second = new WorkerProcess(Directory.CreateTempSubdirectory("em-second-").FullName, servers.Connections());
            await second.Start();
        }

        return second;
    }

    private async Task EndSecond()
    {
        if (second is not null)
        {
            await second.DisposeAsync();
            second = null;
        }
    }

    /// <summary>The host dies as ordered while it is checked, and is started again.</summary>
    private async Task<(int Code, string Output)> Die(string orders, int patience)
    {
        await EndSecond();   // It could take what is to kill the host.
        await File.WriteAllTextAsync(Orders, orders);
        var check = Check([], patience: patience);
        var death = host.Ended();
        if (await Task.WhenAny(death, check) == check)
        {
            File.Delete(Orders);
            Assert.Fail($"It did not die at {orders}.\n{(await check).Output}\n{host.Output}");
        }

        Assert.That(await death, Is.EqualTo(KilledBySigKill), host.Output);
        await host.Start();
        return await check;
    }

    private async Task<(int Code, string Output)> Check(WorkerProcess[] more, int entries = 12, int patience = 60, Action<string>? heard = null)
    {
        var urls = string.Join(',', more.Prepend(host).Select(worker => worker.Http.BaseAddress));
        var (code, said, error) = await WorkerProcess.RunToEnd(
            "Checker", heard ?? (_ => { }), $"--bus={servers.Bus}", $"--api={urls}", "--contracts=1", $"--entries={entries}", $"--again={entries > 12}", $"--patience={patience}");
        return (code, said + error);
    }

    private async Task<long> Taken()
    {
        await using var source = NpgsqlDataSource.Create(servers.Store);
        await using var count = source.CreateCommand("""SELECT count(*) FROM "Outbox" WHERE "SentAt" IS NOT NULL AND "ParkedAt" IS NULL""");
        return (long)(await count.ExecuteScalarAsync())!;
    }
}
