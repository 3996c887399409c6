using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Simulation;

namespace ExecutionManager.Worker.Demo;

/// <summary>Simulated devices and neighbours around an embedded worker; ends with a verdict that is read over HTTP.</summary>
public sealed class DemoRun
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);
    private static readonly string[] Terminal = ["completed", "cancelled", "aborted", "held"];

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
        // Values given by the user come later and win.
        string[] defaults = [$"--urls=http://127.0.0.1:{FreePort()}", $"--Mqtt:EmbeddedPort={mqttPort}", $"--DataDirectory={temporary}", "--ConnectionStrings:Store=", "--ConnectionStrings:Bus=", "--ConnectionStrings:Mqtt="];
        var demo = call with { Rest = [.. defaults, .. call.Rest], With = ["policy", "planner", "equator"] };
        try
        {
            await using var app = WorkerHost.Build(demo, compose);
            await WorkerProgram.Start(app, output);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(app.Lifetime.ApplicationStopping);
            var port = app.Services.GetRequiredService<WorkerSettings>().MqttPort;
            var other = app.Services.GetService<DemoPorts>();
            var run = new DemoRun(new Uri(app.Urls.First()), new DemoView(output, new Uri(app.Urls.First())));
            var code = await run.Play(deviceId => deviceId == other?.DeviceId ? other.Port : port, call.For ?? Longest, call.For is null && !Console.IsOutputRedirected, stop.Token);
            await app.StopAsync(CancellationToken.None);
            return code;
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    /// <summary>Runs until every contract has ended, or the time is over; a person at a terminal may look around longer.</summary>
    private async Task<int> Play(Func<string, int> mqttPort, TimeSpan longest, bool stay, CancellationToken stopping)
    {
        using var over = new CancellationTokenSource(longest, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, stopping);
        var devices = scenarios.Select(scenario => new MqttDevice(
            new DeviceProfile { DeviceId = scenario.DeviceId, Seed = 7, ReportInterval = TimeSpan.FromSeconds(1), Script = scenario.Script },
            new MqttDeviceOptions { Port = mqttPort(scenario.DeviceId) }, clock)).ToList();
        using var devicesStop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var running = devices.Select(device => device.RunAsync(devicesStop.Token)).ToList();
        try
        {
            foreach (var scenario in scenarios)
            {
                using var answer = await http.PostAsync("/contracts", new StringContent(scenario.Contract.ToJsonString(), null, "application/json"), either.Token);
                view.Say(scenario.DeviceId, answer.StatusCode == HttpStatusCode.Created
                    ? $"contract {scenario.Contract["contractId"]} submitted: {scenario.Title}"
                    : $"submission refused: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(either.Token)}");
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
        var liveSince = new Dictionary<string, DateTimeOffset>();
        var cutAt = new Dictionary<string, DateTimeOffset>();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(500), clock);
        while (await tick.WaitForNextTickAsync(ct))
        {
            var contracts = (await Get("/contracts", ct))["items"]!.AsArray().Select(item => item!.AsObject()).ToList();
            view.Show(contracts);
            foreach (var contract in contracts)
            {
                Note(contract);
                var deviceId = contract["deviceId"]!.GetValue<string>();
                if (contract["status"]!.GetValue<string>() == "live")
                {
                    liveSince.TryAdd(deviceId, clock.GetUtcNow());
                }
            }

            foreach (var scenario in scenarios.Where(scenario => scenario.Away is not null))
            {
                var (device, now) = (devices.Single(device => device.DeviceId == scenario.DeviceId), clock.GetUtcNow());
                if (!cutAt.TryGetValue(scenario.DeviceId, out var cut))
                {
                    if (liveSince.TryGetValue(scenario.DeviceId, out var since) && now - since >= scenario.Away!.Value.After)
                    {
                        cutAt[scenario.DeviceId] = now;
                        await device.CutAsync();
                        view.Say(scenario.DeviceId, "its connection is cut");
                    }
                }
                else if (cut != DateTimeOffset.MaxValue && now - cut >= scenario.Away!.Value.For)
                {
                    cutAt[scenario.DeviceId] = DateTimeOffset.MaxValue;
                    device.Return();
                    view.Say(scenario.DeviceId, "it may connect again");
                }
            }

            if (contracts.Count == scenarios.Count && contracts.All(contract => Terminal.Contains(contract["status"]!.GetValue<string>())))
            {
                return;
            }
        }
    }

    private void Note(JsonObject contract)
    {
        if (contract["status"]!.GetValue<string>() == "projected" && contract["projection"]?["progress"]?["expected"] is { } expected)
        {
            var id = contract["contractId"]!.GetValue<string>();
            (estimates.TryGetValue(id, out var seen) ? seen : estimates[id] = []).Add(expected.GetValue<double>());
        }
    }

    private async Task<int> Verdict()
    {
        var wrong = 0;
        view.Line("");
        foreach (var scenario in scenarios)
        {
            var id = scenario.Contract["contractId"]!.GetValue<string>();
            string? missing;
            try
            {
                var contract = await Get($"/contracts/{id}", CancellationToken.None);
                var history = (await Get($"/contracts/{id}/history?limit=200", CancellationToken.None))["items"]!.AsArray().Select(item => item!.AsObject()).ToList();
                missing = scenario.Expect(new DemoSight(contract, history, estimates.GetValueOrDefault(id) ?? []));
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

    private async Task<JsonObject> Get(string path, CancellationToken ct)
    {
        using var answer = await http.GetAsync(path, ct);
        answer.EnsureSuccessStatusCode();
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync(ct))!.AsObject();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
