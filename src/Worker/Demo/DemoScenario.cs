using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Simulation;

namespace ExecutionManager.Worker.Demo;

/// <summary>One device, one contract, and what must be seen of it over HTTP.</summary>
/// <param name="Away">How long after its contract is live the device loses its connection, and for how long.</param>
/// <param name="Expect">What history and representation must show; a text says what is missing.</param>
public sealed record DemoScenario(
    string DeviceId,
    string Title,
    string TaskType,
    DeviceScript Script,
    JsonObject Contract,
    (TimeSpan After, TimeSpan For)? Away,
    Func<DemoSight, string?> Expect)
{
    /// <summary>The four stories of the demo. Who is away is back before its plan can be over: an action takes at least 2 s.</summary>
    public static IReadOnlyList<DemoScenario> All { get; } =
    [
        new("agv-1", "goes as planned", "deliver-pallet", DeviceScript.Obedient,
            Document("agv-1", "deliver-pallet", 3, withMap: true), null,
            sight => sight.Went("preparing", "awaitingConnection", "pushing", "live", "completed")),
        new("agv-2", "loses its connection", "inspect-rack", DeviceScript.Obedient,
            Document("agv-2", "inspect-rack", 6), (TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(7)),
            sight => sight.Went("live", "projected", "reconciled", "live", "completed") ?? sight.EstimateMoved()),
        new("agv-3", "skips an action while offline", "collect-bins", new DeviceScript { OnAction = Skip("a3") },
            Document("agv-3", "collect-bins", 8), (TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(7)),
            sight => sight.Went("live", "projected", "reconciled", "live", "completed") ?? sight.Replanned()),
        new("agv-4", "fails an action once", "deliver-pallet", new DeviceScript { OnAction = Fail("a2") },
            Document("agv-4", "deliver-pallet", 3), null,
            sight => sight.Went("live", "recovering", "reconciled", "live", "completed") ?? sight.Recovered("actionFailed", "retry")),
    ];

    private static Func<ActionContext, ActionBehaviour> Skip(string actionId) =>
        action => action.ActionId == actionId && action.Revision == 1 ? new ActionBehaviour { Skip = true } : ActionBehaviour.AsPlanned;

    private static Func<ActionContext, ActionBehaviour> Fail(string actionId) =>
        action => action.ActionId == actionId ? new ActionBehaviour { FailWith = "blocked" } : ActionBehaviour.AsPlanned;

    private static JsonObject Document(string deviceId, string taskType, int actions, bool withMap = false)
    {
        var plan = new JsonArray();
        for (var i = 1; i <= actions; i++)
        {
            plan.Add(new JsonObject
            {
                ["actionId"] = $"a{i}", ["actionType"] = (i % 3) switch { 1 => "drive", 2 => "pick", _ => "drop" },
                ["duration"] = new JsonObject { ["min"] = "PT2S", ["mode"] = "PT3S", ["max"] = "PT5S" },
                ["path"] = JsonSerializer.SerializeToNode(new { type = "LineString", coordinates = new[] { new[] { 2.0 * i, 3.0 }, [2.0 * i + 2, 3.0] } }),
            });
        }

        var document = new JsonObject
        {
            ["contractId"] = Guid.CreateVersion7().ToString(), ["deviceId"] = deviceId, ["frame"] = "hall-3",
            ["task"] = new JsonObject { ["taskId"] = $"demo-{deviceId}", ["type"] = taskType, ["priority"] = 5 },
            ["actions"] = plan,
            ["scope"] = new JsonObject
            {
                ["actionTypes"] = new JsonArray("drive", "pick", "drop"), ["offlineAllowance"] = "PT1M", ["stopTime"] = "PT5S",
                ["area"] = JsonSerializer.SerializeToNode(new { type = "Polygon", coordinates = new[] { new[] { new[] { 0.0, 0.0 }, [40.0, 0.0], [40.0, 30.0], [0.0, 30.0], [0.0, 0.0] } } }),
            },
            ["tolerance"] = new JsonObject { ["schedule"] = "PT10S", ["position"] = 5.0, ["minFitness"] = 1.0 },
        };
        if (withMap)
        {
            document["dataRequests"] = JsonSerializer.SerializeToNode(new[] { new { name = "map", source = "equator", query = new { bbox = new[] { 0, 0, 40, 30 } } } });
        }

        return document;
    }
}
