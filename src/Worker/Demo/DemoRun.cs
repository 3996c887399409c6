using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using ExecutionManager.Simulation;

namespace ExecutionManager.Worker.Demo;

/// <summary>Simulated devices and neighbours around an embedded worker; ends with a verdict that is read over HTTP.</summary>
public sealed class DemoRun
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan OperatorLooks = TimeSpan.FromSeconds(3);
    private static readonly string[] Terminal = ["completed", "cancelled", "aborted", "reassigned"];

    private readonly IReadOnlyList<DemoScenario> scenarios = DemoScenario.All;
    private readonly Dictionary<string, List<double>> estimates = [];
    private readonly TimeProvider clock = TimeProvider.System;
    private readonly HttpClient http;
    private readonly DemoView view;

    private DemoRun(Uri address, DemoView view)
    {
        http = new HttpClient { BaseAddress = address };
        this.view = view;
    }

    public static async Task<int> Run(CommandLine call, TextWriter output, Action<IServiceCollection>? compose)
    {
        var temporary = Directory.CreateTempSubdirectory("execution-manager-demo-").FullName;
        var mqttPort = FreePort();
        var tasks = Path.Combine(temporary, "tasks.json");
        await File.WriteAllTextAsync(tasks, DemoScenario.Tasks);
        // Values given by the user come later and win.
        string[] defaults = [$"--urls=http://127.0.0.1:{FreePort()}", $"--Mqtt:EmbeddedPort={mqttPort}", $"--DataDirectory={temporary}", "--ConnectionStrings:Store=", "--ConnectionStrings:Bus=", "--ConnectionStrings:Mqtt=", $"--Neighbours:Scheduler:Tasks={tasks}"];
        var demo = call with { Rest = [.. defaults, .. call.Rest], With = ["policy", "planner", "equator", "scheduler"] };
        try
        {
            await using var app = WorkerHost.Build(demo, compose);
            await WorkerProgram.Start(app, output);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(app.Lifetime.ApplicationStopping);
            var settings = app.Services.GetRequiredService<WorkerSettings>();
            var others = app.Services.GetServices<DemoPorts>().ToDictionary(other => other.DeviceId, other => other.Port);
            var run = new DemoRun(new Uri(app.Urls.First()), new DemoView(output, new Uri(app.Urls.First())));
            var code = await run.Play(
                // A device remembers its epoch: in a data directory that is kept the worker does, too.
                deviceId => new MqttDeviceOptions { Port = others.GetValueOrDefault(deviceId, settings.MqttPort), StateFile = Path.Combine(settings.DataDirectory, $"demo-{deviceId}.json") },
                call.For ?? Longest, call.For is null && !Console.IsOutputRedirected, stop.Token);
            await app.StopAsync(CancellationToken.None);
            return code;
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    /// <summary>Runs until every contract has ended, or the time is over; a person at a terminal may look around longer.</summary>
    private async Task<int> Play(Func<string, MqttDeviceOptions> connection, TimeSpan longest, bool stay, CancellationToken stopping)
    {
        using var over = new CancellationTokenSource(longest, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, stopping);
        var devices = scenarios.Select(scenario => new MqttDevice(
            new DeviceProfile { DeviceId = scenario.DeviceId, Seed = 7, ReportInterval = TimeSpan.FromSeconds(1), Script = scenario.Script },
            connection(scenario.DeviceId), clock)).ToList();
        using var devicesStop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var running = devices.Select(device => device.RunAsync(devicesStop.Token)).ToList();
        try
        {
            foreach (var scenario in scenarios)
            {
                if (scenario is { Contract: { } contract, IsAssigned: false })
                {
                    var (status, body) = await Post("/contracts", contract, either.Token);
                    view.Say(scenario.DeviceId, status == HttpStatusCode.Created ? $"submitted: {scenario.Title}" : $"submission refused: {(int)status} {body}");
                }
                else if (scenario.IsAssigned)
                {
                    view.Say(scenario.DeviceId, $"assigned by the Scheduler: {scenario.Title}");
                }
            }

            await Watch(devices, either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // The time is over: what was reached by now is the verdict.
        }

        var code = await Verdict();
        if (stay && !stopping.IsCancellationRequested)
        {
            view.Line("The worker goes on until Ctrl+C; look around at the URLs above.");
            await Task.Delay(Timeout.InfiniteTimeSpan, clock, stopping).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        await devicesStop.CancelAsync();
        await Task.WhenAll(running).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return code;
    }

    private async Task Watch(IReadOnlyList<MqttDevice> devices, CancellationToken ct)
    {
        var since = new Dictionary<(string, string), DateTimeOffset>();
        // The first time that is asked for something is the time it came about.
        TimeSpan Since(string deviceId, string what)
        {
            var now = clock.GetUtcNow();
            return since.TryAdd((deviceId, what), now) ? TimeSpan.Zero : now - since[(deviceId, what)];
        }

        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(500), clock);
        while (await tick.WaitForNextTickAsync(ct))
        {
            var contracts = await Contracts(ct);
            view.Show(contracts);
            contracts.ForEach(Note);
            foreach (var contract in contracts)
            {
                var (deviceId, status) = (Text(contract["deviceId"]), Text(contract["status"]));
                var scenario = scenarios.Single(scenario => scenario.DeviceId == deviceId);
                if (scenario.Away is (var after, var absence) && (status == "live" || since.ContainsKey((deviceId, "live"))) && Since(deviceId, "live") >= after)
                {
                    var device = devices.Single(device => device.DeviceId == deviceId);
                    if (!since.ContainsKey((deviceId, "cut")))
                    {
                        await device.CutAsync();
                        view.Say(deviceId, absence is null ? "its connection is cut, for good" : "its connection is cut");
                    }

                    if (Since(deviceId, "cut") >= absence && since.TryAdd((deviceId, "returned"), clock.GetUtcNow()))
                    {
                        device.Return();
                        view.Say(deviceId, "it may connect again");
                    }
                }

                if (scenario.Decision is { } strategy && status == "escalated" && Since(deviceId, "escalated") >= OperatorLooks && since.TryAdd((deviceId, "answered"), clock.GetUtcNow()))
                {
                    await Decide(contract, strategy, ct);
                }
            }

            var expected = scenarios.Count(scenario => scenario.Contract is not null) + contracts.Count(contract => Text(contract["status"]) == "reassigned");
            if (contracts.Count == expected && contracts.All(contract => Terminal.Contains(Text(contract["status"]))))
            {
                return;
            }
        }
    }

    /// <summary>What an operator would do with curl.</summary>
    private async Task Decide(JsonObject contract, string strategy, CancellationToken ct)
    {
        var decision = new JsonObject
        {
            ["escalationId"] = Text(contract["escalation"]?["escalationId"]), ["strategy"] = strategy, ["mayRepeat"] = true, ["reason"] = "the motor runs again",
        };
        var (status, body) = await Post($"/contracts/{Text(contract["contractId"])}/escalation", decision, ct);
        view.Say(Text(contract["deviceId"]), status == HttpStatusCode.Accepted ? $"the operator decides: {strategy}, {decision["reason"]}" : $"the operator's decision is refused: {(int)status} {body}");
    }

    private void Note(JsonObject contract)
    {
        if (Text(contract["status"]) == "projected" && contract["projection"]?["progress"]?["expected"] is { } expected)
        {
            var deviceId = Text(contract["deviceId"]);
            (estimates.TryGetValue(deviceId, out var seen) ? seen : estimates[deviceId] = []).Add(expected.GetValue<double>());
        }
    }

    private async Task<int> Verdict()
    {
        var wrong = 0;
        view.Line("");
        foreach (var scenario in scenarios)
        {
            string? missing;
            try
            {
                var contracts = await Contracts(CancellationToken.None);
                missing = contracts.SingleOrDefault(contract => Text(contract["deviceId"]) == scenario.DeviceId) is { } contract
                    ? scenario.Expect(new DemoSight(contract, await History(contract), estimates.GetValueOrDefault(scenario.DeviceId) ?? [], contracts))
                    : "it never had a contract";
            }
            catch (HttpRequestException fault)
            {
                missing = fault.Message;
            }

            wrong += missing is null ? 0 : 1;
            view.Line($"{(missing is null ? "ok  " : "FAIL")} {scenario.DeviceId} {scenario.Title}{(missing is null ? "" : $": {missing}")}");
        }

        view.Line(wrong == 0
            ? $"All {scenarios.Count} contracts ended as they should."
            : $"{wrong} of {scenarios.Count} contracts did not end as they should.");
        return wrong == 0 ? 0 : 1;
    }

    /// <summary>Those of this run: a data directory that is kept has others, too.</summary>
    private async Task<List<JsonObject>> Contracts(CancellationToken ct) =>
        [.. (await Get("/contracts", ct))["items"]!.AsArray().Select(item => item!.AsObject()).Where(contract => Text(contract["taskId"]).StartsWith(DemoScenario.Task(""), StringComparison.Ordinal))];

    private async Task<List<JsonObject>> History(JsonObject contract) =>
        [.. (await Get($"/contracts/{Text(contract["contractId"])}/history?limit=200", CancellationToken.None))["items"]!.AsArray().Select(item => item!.AsObject())];

    private async Task<(HttpStatusCode Status, string Body)> Post(string path, JsonObject body, CancellationToken ct)
    {
        using var answer = await http.PostAsync(path, new StringContent(body.ToJsonString(), null, "application/json"), ct);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(ct));
    }

    private async Task<JsonObject> Get(string path, CancellationToken ct)
    {
        using var answer = await http.GetAsync(path, ct);
        answer.EnsureSuccessStatusCode();
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync(ct))!.AsObject();
    }

    private static string Text(JsonNode? node) => node?.GetValue<string>() ?? "";

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
