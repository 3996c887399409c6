using System.Text.Json.Nodes;
using ExecutionManager.Simulation;

namespace ExecutionManager.Journeys.Tests;

/// <summary>The worker dies by kill -9 in the middle of everything, and goes on where it was.</summary>
[Category("Process")]
[Parallelizable]
public sealed class When_the_worker_is_killed
{
    private const int Kills = 20;
    private static readonly string[] Named = ["pushing", "projected", "reconciled", "recovering", "live"];
    private static readonly string[] Terminal = ["completed", "cancelled", "aborted"];

    [Test]
    [CancelAfter(600_000)]
    public async Task Should_end_every_contract_and_apply_every_entry_once(CancellationToken cancellation)
    {
        var seed = int.Parse(Environment.GetEnvironmentVariable("KILL_SEED") ?? "1", System.Globalization.CultureInfo.InvariantCulture);
        var random = new Random(seed);
        TestContext.Out.WriteLine($"seed {seed}");
        var directory = Directory.CreateTempSubdirectory("em-kill-").FullName;
        // A worker that dies loses requests of one failure again and again; no count of them may end in a hold, which nobody ends here.
        var rules = Path.Combine(directory, "policy.yaml");
        await File.WriteAllTextAsync(rules, "rules: [{ when: {}, then: { strategy: retry, delay: PT1S, mayRepeat: true, reason: again } }]", cancellation);
        // Answers that take their time keep the states that are usually short open long enough to die in.
        await using var worker = new WorkerProcess(directory, "--with=policy,planner", $"--Neighbours:Policy:Rules={rules}",
            "--Neighbours:Policy:Fault=slow", "--Neighbours:Policy:Delay=00:00:02",
            "--Neighbours:Planner:Fault=slow", "--Neighbours:Planner:Delay=00:00:02",
            "--Deadlines:Policy=00:00:08", "--Deadlines:Accept=00:00:05", "--Deadlines:Command=00:00:05", "--Deadlines:CatchUp=00:00:05",
            "--Deadlines:Actuals=00:00:30", "--Deadlines:PolicyAttempts=100");
        await worker.Start();
        using var pushes = new PushGate();
        var fleet = Enumerable.Range(1, 4).Select(number => Device(worker, number, pushes)).ToList();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = fleet.Select(device => device.RunAsync(stop.Token)).ToList();
        var submitted = new List<string>();
        var hit = new HashSet<string>();
        for (var kill = 0; kill < Kills; kill++)
        {
            var busy = (await Open(worker)).CountBy(Device).ToDictionary();
            foreach (var device in fleet.Where(device => busy.GetValueOrDefault(device.DeviceId) < 2))
            {
                submitted.Add(await Submit(worker, device.DeviceId, $"{device.DeviceId}-{kill}"));
            }

            // The first kills hit each named state in turn, the others what comes.
            var wanted = kill < Named.Length ? Named[kill] : null;
            var away = fleet[random.Next(fleet.Count)];
            pushes.Hold(wanted == "pushing");
            if (wanted is "projected" or "reconciled")
            {
                await worker.Until("something runs", async () =>
                {
                    var open = (await Open(worker)).Where(one => Device(one) == away.DeviceId).Select(State).ToList();
                    if (open.Count == 0)
                    {
                        submitted.Add(await Submit(worker, away.DeviceId, $"{away.DeviceId}-more-{submitted.Count}"));   // all were over before they were looked at
                    }

                    return open.Contains("live");
                });
            }

            if (wanted is "projected" or "reconciled" || (wanted is null && random.Next(3) == 0))
            {
                await away.CutAsync();
            }

            if (wanted == "reconciled")
            {
                await worker.Until("projected", async () => (await Open(worker)).Any(one => State(one) == "projected"));
                away.Return();
            }

            await worker.Until($"a contract is {wanted ?? "open"}", async () => (await Open(worker)).Any(one => wanted is null || State(one) == wanted));
            hit.UnionWith((await Open(worker)).Select(State));
            if (wanted is null)
            {
                // A seeded instant, not a wait for something.
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1500)), TimeProvider.System, cancellation);
            }

            await worker.Kill();
            pushes.Hold(false);
            away.Return();
            await worker.Start();
        }

        await worker.Until("every contract ends", async () => (await Open(worker)).Count == 0, TimeSpan.FromMinutes(6));
        Assert.That(hit, Is.SupersetOf(Named));
        foreach (var id in submitted)
        {
            var contract = (await worker.Get($"/contracts/{id}"))!;
            Assert.That(Terminal, Does.Contain(State(contract)), $"{contract}");
            await CheckHistory(worker, id, fleet.Single(device => device.DeviceId == Device(contract)));
        }

        await stop.CancelAsync();
        await Task.WhenAll(running);
    }

    /// <summary>No transition twice and none lost; every journal entry applied once, up to the device's own tail.</summary>
    internal static async Task CheckHistory(WorkerProcess worker, string id, MqttDevice device)
    {
        var (version, state, applied) = (0, (string?)null, 0L);
        for (var cursor = ""; cursor is not null;)
        {
            var page = (await worker.Get($"/contracts/{id}/history?limit=200{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}"))!;
            foreach (var item in page["items"]!.AsArray())
            {
                if (item!["to"] is { } to)
                {
                    Assert.That(item["version"]!.GetValue<int>(), Is.EqualTo(++version), $"{id}: {item}");
                    Assert.That(item["from"]?.GetValue<string>(), Is.EqualTo(state), $"{id}: {item}");
                    state = to.GetValue<string>();
                }
                else
                {
                    Assert.That(item["evidence"]!["fromSeq"]!.GetValue<long>(), Is.EqualTo(applied + 1), $"{id}: {item}");
                    applied = item["evidence"]!["throughSeq"]!.GetValue<long>();
                }
            }

            cursor = page["nextCursor"]?.GetValue<string>();
        }

        var tail = device.Read(one => one.Contracts.Concat(one.Closed).Where(contract => contract.ContractId == id).Select(contract => contract.Journal.LastOrDefault()?.Seq ?? 0).DefaultIfEmpty(0).Max());
        Assert.That(applied, Is.EqualTo(tail), $"{id}: entries applied against the device's own journal");
    }

    private static MqttDevice Device(WorkerProcess worker, int number, PushGate pushes) => new(
        new DeviceProfile
        {
            DeviceId = $"agv-{number}", Seed = number, ReportInterval = TimeSpan.FromSeconds(1),
            Script = new DeviceScript { OnPush = pushes.Answer, OnAction = action => Behave(number, action) },
        },
        new MqttDeviceOptions { Port = worker.MqttPort, BackOffLongest = TimeSpan.FromSeconds(1) }, TimeProvider.System);

    /// <summary>One device fails its second action once, another leaves one out: recoveries and replans.</summary>
    private static ActionBehaviour Behave(int number, ActionContext action) => number switch
    {
        1 when action is { ActionId: "a2" } => new ActionBehaviour { FailWith = "blocked" },
        2 when action is { ActionId: "a2", Revision: 1 } => new ActionBehaviour { Skip = true },
        3 when action is { ActionId: "a2", Revision: 1 } => new ActionBehaviour { Skip = true },
        _ => ActionBehaviour.AsPlanned,
    };

    internal static async Task<string> Submit(WorkerProcess worker, string deviceId, string taskId)
    {
        var id = Guid.NewGuid().ToString();
        using var answer = await worker.Http.PostAsync("/contracts", new StringContent(Document(id, deviceId, taskId).ToJsonString(), null, "application/json"));
        Assert.That((int)answer.StatusCode, Is.EqualTo(201), await answer.Content.ReadAsStringAsync());
        return id;
    }

    internal static JsonObject Document(string id, string deviceId, string taskId)
    {
        var actions = new JsonArray([.. Enumerable.Range(1, 4).Select(number => (JsonNode)new JsonObject
        {
            ["actionId"] = $"a{number}", ["actionType"] = "drive", ["idempotent"] = true,
            ["duration"] = new JsonObject { ["min"] = "PT0.5S", ["mode"] = "PT1S", ["max"] = "PT2S" },
        })]);
        return new JsonObject
        {
            ["contractId"] = id, ["deviceId"] = deviceId, ["task"] = new JsonObject { ["taskId"] = taskId, ["type"] = "deliver" }, ["actions"] = actions,
            ["scope"] = new JsonObject { ["actionTypes"] = new JsonArray("drive"), ["offlineAllowance"] = "PT1M", ["stopTime"] = "PT2S" },
        };
    }

    internal static async Task<List<JsonObject>> Open(WorkerProcess worker) =>
        [.. ((await worker.Get("/contracts?limit=200&status=preparing,awaitingConnection,pushing,live,projected,reconciled,recovering,held,stopping"))?["items"]?.AsArray() ?? []).Select(item => item!.AsObject())];

    internal static string State(JsonObject contract) => contract["status"]!.GetValue<string>();

    private static string Device(JsonObject contract) => contract["deviceId"]!.GetValue<string>();

    /// <summary>Keeps devices from answering pushes for a while.</summary>
    private sealed class PushGate : IDisposable
    {
        private readonly ManualResetEventSlim open = new(true);

        public void Hold(bool hold)
        {
            if (hold)
            {
                open.Reset();
            }
            else
            {
                open.Set();
            }
        }

        public PushAnswer Answer(PushContext push)
        {
            open.Wait();
            return PushAnswer.Accept;
        }

        public void Dispose() => open.Dispose();
    }
}
