using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using ExecutionManager.Simulation;

namespace ExecutionManager.Journeys.Tests;

/// <summary>The four reference neighbours as programs of their own on RabbitMQ, and a worker that knows them by their messages alone.</summary>
[Category("Process")]
[NonParallelizable]
public sealed class When_the_neighbours_stand_alone
{
    private readonly string run = Guid.NewGuid().ToString("N")[..6];
    private readonly string directory = Directory.CreateTempSubdirectory("em-neighbours-").FullName;
    private readonly List<Process> neighbours = [];
    private readonly ConcurrentQueue<string> said = [];
    private Servers servers = null!;

    [SetUp]
    public async Task Take()
    {
        servers = await Servers.TakeMigrated();
    }

    [TearDown]
    public async Task End()
    {
        foreach (var neighbour in neighbours)
        {
            neighbour.Kill();
            await neighbour.WaitForExitAsync();
            neighbour.Dispose();
        }

        if (servers is not null)
        {
            await servers.DisposeAsync();
        }
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Should_each_bring_an_exchange_to_its_end(CancellationToken cancellation)
    {
        await using var worker = new WorkerProcess(directory, servers.Connections());
        await worker.Start();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task[] devices =
        [
            Device("sound", _ => ActionBehaviour.AsPlanned, stop.Token),
            Device("blocked", _ => new ActionBehaviour { FailWith = "blocked" }, stop.Token),
            Device("careless", action => new ActionBehaviour { Skip = action is { ActionId: "a1", Revision: 1 } }, stop.Token),
        ];
        Start("policy", $"--rules={Write("policy.yaml", "rules: [{ when: { failure: actionFailed }, then: { strategy: reassign, reason: another may get through } }]")}");
        Start("planner");
        Start("equator");
        Start("scheduler", $"--tasks={Write("tasks.yaml", $"""
            devices: [blocked-{run}, sound-{run}]
            tasks:
              - {Task("blocked", "T-policy", 1)}
              - {Task("careless", "T-planner", 15)}
              - {Task("sound", "T-equator", 1, "dataRequests: [{ name: hall-3, source: equator, query: { bbox: [0, 0, 40, 30] } }]")}
            """)}");

        await Until("the careless one does what comes second", async () => (await Only("T-planner"))?["actual"]?["actions"]?["a2"] is not null);
        using var nothing = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");
        (await worker.Http.PostAsync(new Uri($"/contracts/{(await Only("T-planner"))!["contractId"]}/reconcile", UriKind.Relative), nothing, cancellation)).EnsureSuccessStatusCode();
        foreach (var task in new[] { "T-policy", "T-planner", "T-equator" })
        {
            await Until($"{task} is completed", async () => (await Of(task)).Any(contract => contract["status"]!.GetValue<string>() == "completed"));
        }

        var (moved, planned, fetched) = (await Of("T-policy"), await Only("T-planner"), await Only("T-equator"));
        Assert.Multiple(() =>
        {
            Assert.That(moved.Select(contract => $"{contract["deviceId"]} {contract["status"]}"), Is.EqualTo(new[] { $"sound-{run} completed", $"blocked-{run} reassigned" }), "newest first");
            Assert.That(planned!["reported"]!["revision"]!.GetValue<int>(), Is.EqualTo(2), $"{planned}");
        });
        Assert.That(await Causes(moved[1]), Does.Contain("decided"));
        Assert.That(await Causes(planned!), Does.Contain("revisionAccepted"));
        Assert.That(await Causes(fetched!), Does.Contain("dataComplete"));

        await stop.CancelAsync();
        await System.Threading.Tasks.Task.WhenAll(devices);

        async Task<List<JsonObject>> Of(string task) => [.. (await worker.Get($"/contracts?task={task}"))?["items"]?.AsArray().Select(item => item!.AsObject()) ?? []];

        async Task<JsonObject?> Only(string task) => (await Of(task)).SingleOrDefault();

        async Task<IEnumerable<string?>> Causes(JsonObject contract) =>
            (await worker.Get($"/contracts/{contract["contractId"]}/history"))!["items"]!.AsArray().Select(item => item!["cause"]?.GetValue<string>());

        Task Until(string what, Func<Task<bool>> condition) => worker.Until(what, () =>
        {
            Assert.That(neighbours.Where(neighbour => neighbour.HasExited), Is.Empty, string.Join('\n', said));
            return condition();
        });
    }

    private void Start(string neighbour, params string[] more) => neighbours.Add(
        WorkerProcess.Run(WorkerProcess.DllOf("Neighbours"), [neighbour, .. more, $"--ConnectionStrings:Bus={servers.Bus}"], said.Enqueue));

    private string Write(string file, string text)
    {
        var path = Path.Combine(directory, file);
        File.WriteAllText(path, text);
        return path;
    }

    private string Task(string device, string task, int seconds, string more = "frame: hall-3") =>
        $$"""{ deviceId: {{device}}-{{run}}, task: { taskId: {{task}}, type: deliver }, actions: [{{Action("a1", seconds)}}, {{Action("a2", seconds)}}], scope: { actionTypes: [drive], offlineAllowance: PT1M }, {{more}} }""";

    private static string Action(string id, int seconds) => $$"""{ actionId: {{id}}, actionType: drive, duration: { min: PT{{seconds}}S, mode: PT{{seconds}}S, max: PT{{seconds + 1}}S } }""";

    private Task Device(string name, Func<ActionContext, ActionBehaviour> behaviour, CancellationToken stop) => new MqttDevice(
        new DeviceProfile { DeviceId = $"{name}-{run}", Seed = 1, ReportInterval = TimeSpan.FromSeconds(1), Script = new DeviceScript { OnAction = behaviour } },
        new MqttDeviceOptions { Host = servers.Mqtt.Host, Port = servers.Mqtt.Port, BackOffLongest = TimeSpan.FromSeconds(1) }, TimeProvider.System).RunAsync(stop);
}
