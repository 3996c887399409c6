using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Simulation;

namespace ExecutionManager.Worker.Demo;

/// <summary>One device, at most one contract on it, and what must be seen of that over HTTP.</summary>
/// <param name="Contract">What is submitted for the device; null when the Scheduler gives it what another has left.</param>
/// <param name="IsAssigned">The contract is not submitted over HTTP: its task is in the Scheduler's file.</param>
/// <param name="Decision">The strategy that an operator answers an escalation with.</param>
/// <param name="Away">How long after its contract is live the device loses its connection, and for how long; null: for good.</param>
/// <param name="Expect">What history and representation must show; a text says what is missing.</param>
public sealed record DemoScenario(
    string DeviceId,
    string Title,
    DeviceScript Script,
    JsonObject? Contract,
    Func<DemoSight, string?> Expect,
    (TimeSpan After, TimeSpan? For)? Away = null,
    bool IsAssigned = false,
    string? Decision = null)
{
    // A data directory that is kept has the tasks of earlier runs.
    private static readonly string Run = Guid.NewGuid().ToString("N")[..6];

    /// <summary>The stories of the demo. Who is away and comes back is back before its plan can be over: an action takes at least 2 s.</summary>
    public static IReadOnlyList<DemoScenario> All { get; } =
    [
        new("agv-1", "goes as planned", DeviceScript.Obedient, Document("agv-1", "deliver-pallet", 3, withMap: true),
            sight => sight.Went("preparing", "awaitingConnection", "pushing", "live", "completed")),
        new("agv-2", "loses its connection", DeviceScript.Obedient, Document("agv-2", "inspect-rack", 6),
            sight => sight.Went("live", "projected", "reconciled", "live", "completed") ?? sight.EstimateMoved(), Gone(4, 7)),
        new("agv-3", "skips an action while offline", new DeviceScript { OnAction = Skip("a3") }, Document("agv-3", "collect-bins", 8),
            sight => sight.Went("live", "projected", "reconciled", "live", "completed") ?? sight.Replanned(), Gone(5, 7)),
        new("agv-4", "fails an action once", new DeviceScript { OnAction = Fail("a2") }, Document("agv-4", "deliver-pallet", 3),
            sight => sight.Went("live", "recovering", "reconciled", "live", "completed") ?? sight.Recovered("actionFailed", "retry")),
        // A short lease, so that it is seen to end; examples/policy.yaml reassigns what does no harm when it is done twice.
        new("agv-5", "is lost for good, its task is reassigned", DeviceScript.Obedient, Document("agv-5", "clean-aisle", 5, offlineAllowance: 9, isIdempotent: true),
            sight => sight.Went("live", "projected", "recovering", "reassigned") ?? sight.Recovered("offlineTooLong", "reassign"), Gone(4, null), IsAssigned: true),
        new("agv-6", "takes over what agv-5 left", DeviceScript.Obedient, null,
            sight => sight.Went("live", "completed") ?? sight.TookOver()),
        new("agv-7", "breaks down, an operator decides", new DeviceScript { OnAction = BreakDown("a2") }, Document("agv-7", "inspect-rack", 4),
            sight => sight.Went("live", "recovering", "escalated", "live", "completed") ?? sight.Recovered("deviceFault", "escalate") ?? sight.Recovered("deviceFault", "retry", byOperator: true), Decision: "retry"),
    ];

    /// <summary>The Scheduler's file: JSON is YAML.</summary>
    public static string Tasks => new JsonObject
    {
        ["devices"] = new JsonArray("agv-5", "agv-6"),
        ["tasks"] = new JsonArray([.. All.Where(scenario => scenario.IsAssigned).Select(scenario => scenario.Contract!.DeepClone())]),
    }.ToJsonString();

    public static string Task(string deviceId) => $"demo-{Run}-{deviceId}";

    private static (TimeSpan, TimeSpan?) Gone(int after, int? seconds) =>
        (TimeSpan.FromSeconds(after), seconds is { } given ? TimeSpan.FromSeconds(given) : null);

    private static Func<ActionContext, ActionBehaviour> Skip(string actionId) =>
        action => action.ActionId == actionId && action.Revision == 1 ? new ActionBehaviour { Skip = true } : ActionBehaviour.AsPlanned;

    private static Func<ActionContext, ActionBehaviour> Fail(string actionId) =>
        action => action.ActionId == actionId ? new ActionBehaviour { FailWith = "blocked" } : ActionBehaviour.AsPlanned;

    private static Func<ActionContext, ActionBehaviour> BreakDown(string actionId) =>
        action => action.ActionId == actionId && action.Revision == 1 ? new ActionBehaviour { FaultWith = "motor" } : ActionBehaviour.AsPlanned;

    private static JsonObject Document(string deviceId, string taskType, int actions, bool withMap = false, int offlineAllowance = 60, bool isIdempotent = false)
    {
        var plan = new JsonArray();
        for (var i = 1; i <= actions; i++)
        {
            plan.Add(new JsonObject
            {
                ["actionId"] = $"a{i}", ["actionType"] = (i % 3) switch { 1 => "drive", 2 => "pick", _ => "drop" }, ["idempotent"] = isIdempotent,
                ["duration"] = new JsonObject { ["min"] = "PT2S", ["mode"] = "PT3S", ["max"] = "PT5S" },
                ["path"] = JsonSerializer.SerializeToNode(new { type = "LineString", coordinates = new[] { new[] { 2.0 * i, 3.0 }, [2.0 * i + 2, 3.0] } }),
            });
        }

        var document = new JsonObject
        {
            ["deviceId"] = deviceId, ["frame"] = "hall-3",
            ["task"] = new JsonObject { ["taskId"] = Task(deviceId), ["type"] = taskType, ["priority"] = 5 },
            ["actions"] = plan,
            ["scope"] = new JsonObject
            {
                ["actionTypes"] = new JsonArray("drive", "pick", "drop"), ["offlineAllowance"] = $"PT{offlineAllowance}S", ["stopTime"] = "PT1S",
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
