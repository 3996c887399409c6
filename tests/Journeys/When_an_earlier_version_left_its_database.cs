using System.Text.Json.Nodes;
using ExecutionManager.Simulation;

namespace ExecutionManager.Journeys.Tests;

/// <summary>Database files of earlier versions are opened, and what was open in them goes on.</summary>
[Category("Process")]
public sealed class When_an_earlier_version_left_its_database
{
    private static readonly string Fixtures = Path.Combine(Root(), "tests", "Journeys", "Fixtures");

    public static IEnumerable<string> Versions => Directory.GetFiles(Fixtures, "*.db").Select(file => Path.GetFileNameWithoutExtension(file)!);

    [TestCaseSource(nameof(Versions))]
    public async Task Should_find_every_contract_and_go_on(string version)
    {
        var directory = Directory.CreateTempSubdirectory("em-fixture-").FullName;
        File.Copy(Path.Combine(Fixtures, $"{version}.db"), Path.Combine(directory, "execution-manager.db"));
        var left = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Fixtures, $"{version}.json")))!.AsObject();
        await using var worker = new WorkerProcess(directory);
        await worker.Start();
        foreach (var (id, status) in left)
        {
            var contract = (await worker.Get($"/contracts/{id}"))!;
            // Deadlines of the open ones may have passed since.
            Assert.That(contract["status"]!.GetValue<string>(), Is.EqualTo(status!.GetValue<string>()).Or.EqualTo("recovering"), $"{contract}");
            Assert.That((await worker.Get($"/contracts/{id}/history"))!["items"]!.AsArray(), Is.Not.Empty);
        }

        var open = left.Single(one => one.Value!.GetValue<string>() == "awaitingConnection").Key;
        using var answer = await worker.Http.PostAsync($"/contracts/{open}/cancel", new StringContent("""{"reason":"no longer needed"}""", null, "application/json"));
        Assert.That((int)answer.StatusCode, Is.EqualTo(202));
        await worker.Until("the open contract goes on", async () => (await worker.Get($"/contracts/{open}"))!["status"]!.GetValue<string>() == "cancelled");
    }

    /// <summary>Run once for a version, by hand: <c>dotnet test tests/Journeys --filter Should_be_made_for_this_version</c> with MAKE_FIXTURE set to its name.</summary>
    [Test]
    [Explicit("makes the fixture of a version")]
    public async Task Should_be_made_for_this_version()
    {
        var version = Environment.GetEnvironmentVariable("MAKE_FIXTURE") ?? throw new InvalidOperationException("MAKE_FIXTURE names no version.");
        var directory = Directory.CreateTempSubdirectory("em-fixture-").FullName;
        var wanted = new Dictionary<string, string>();
        await using (var worker = new WorkerProcess(directory, "--with=policy,planner,equator"))
        {
            await worker.Start();
            foreach (var (device, status) in new[] { ("agv-1", "completed"), ("agv-2", "projected"), ("agv-3", "held"), ("agv-4", "awaitingConnection"), ("agv-5", "cancelled") })
            {
                var id = Guid.NewGuid().ToString();
                wanted[id] = status;
                using var stop = new CancellationTokenSource();
                var running = Task.CompletedTask;
                var mqtt = new MqttDevice(new DeviceProfile { DeviceId = device, Seed = 1, ReportInterval = TimeSpan.FromSeconds(1) }, new MqttDeviceOptions { Port = worker.MqttPort }, TimeProvider.System);
                if (device is not ("agv-4" or "agv-5"))
                {
                    running = mqtt.RunAsync(stop.Token);
                }

                await Post(worker, "/contracts", Document(id, device, device == "agv-1" ? "PT1S" : "PT20M"));
                if (status is "projected" or "held")
                {
                    await worker.Until("live", async () => await Status(worker, id) == "live");
                }

                if (status == "projected")
                {
                    await mqtt.CutAsync();
                }
                else if (status is "held" or "cancelled")
                {
                    await Post(worker, $"/contracts/{id}/{(status == "held" ? "hold" : "cancel")}", """{"reason":"as wanted"}""");
                }

                await worker.Until(status, async () => await Status(worker, id) == status);
                await stop.CancelAsync();
                await running;
            }

            Assert.That(await worker.Terminate(), Is.Zero);
        }

        // The write-ahead log of a worker that ended in order is part of the file already.
        File.Copy(Path.Combine(directory, "execution-manager.db"), Path.Combine(Fixtures, $"{version}.db"), overwrite: true);
        await File.WriteAllTextAsync(Path.Combine(Fixtures, $"{version}.json"), new JsonObject(wanted.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value))).ToJsonString());
    }

    private static async Task Post(WorkerProcess worker, string path, string body)
    {
        using var answer = await worker.Http.PostAsync(path, new StringContent(body, null, "application/json"));
        Assert.That(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<string?> Status(WorkerProcess worker, string id) => (await worker.Get($"/contracts/{id}"))?["status"]?.GetValue<string>();

    private static string Document(string id, string device, string duration) => $$"""
        { "contractId": "{{id}}", "deviceId": "{{device}}", "task": { "taskId": "fixture-{{device}}", "type": "deliver" },
          "actions": [ { "actionId": "a1", "actionType": "drive", "duration": { "min": "{{duration}}", "mode": "{{duration}}", "max": "{{duration}}" } } ],
          "scope": { "actionTypes": ["drive"], "offlineAllowance": "P3650D" } }
        """;

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "ExecutionManager.sln")))
        {
            directory = directory.Parent;
        }

        return directory.FullName;
    }
}
