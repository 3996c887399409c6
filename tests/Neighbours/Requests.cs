using System.Text.Json;

namespace ExecutionManager.Neighbours.Tests;

/// <summary>Requests as the Execution Manager makes them, each with one thing to vary.</summary>
internal static class Requests
{
    public static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);

    public static ContractDocument Contract(DateTimeOffset? notAfter = null) => new()
    {
        ContractId = Guid.CreateVersion7(),
        DeviceId = "agv-17",
        Task = new() { TaskId = "T-1", Type = "deliver-pallet" },
        Actions = [Action("a1"), Action("a2"), Action("a3")],
        Scope = new() { ActionTypes = ["drive"], NotAfter = notAfter },
    };

    public static PlannedAction Action(string id) => new()
    {
        ActionId = id,
        ActionType = "drive",
        Duration = new() { Min = Seconds(40), Mode = Seconds(60), Max = Seconds(80) },
    };

    public static RecoveryRequested Recovery(FailureKind kind = FailureKind.ActionFailed)
    {
        var contract = Contract();
        return new()
        {
            ContractId = contract.ContractId!.Value,
            DeviceId = "agv-17",
            RecoveryId = Guid.CreateVersion7(),
            Attempt = 1,
            Connected = true,
            Contract = contract,
            RemainingActions = contract.Actions!,
            Failure = new() { Kind = kind, Detail = "blocked", Certainty = Certainty.Confirmed, At = Now },
            Earlier = [],
            Unconfirmed = [],
            AllowedStrategies = [RecoveryStrategy.Retry, RecoveryStrategy.Hold, RecoveryStrategy.Abort],
        };
    }

    /// <summary>a1 is finished after <paramref name="firstTook"/> seconds, a2 is running since then.</summary>
    public static ReplanRequested Replan(
        ReplanReason reason = ReplanReason.Divergence, DivergenceReport? report = null, int firstTook = 60, DateTimeOffset? notAfter = null)
    {
        var contract = Contract(notAfter);
        return new()
        {
            ContractId = contract.ContractId!.Value,
            ReplanId = Guid.CreateVersion7(),
            Revision = 1,
            Reason = reason,
            Report = report ?? Report(DivergenceLevel.Major, flow: 0.5),
            Actual = Actual(new()
            {
                ["a1"] = new() { Status = ActionStatus.Finished, StartedAt = Now - Seconds(firstTook), EndedAt = Now },
                ["a2"] = new() { Status = ActionStatus.Running, StartedAt = Now },
            }),
            RemainingActions = contract.Actions!,
            Contract = contract,
            Deadline = Now + TimeSpan.FromMinutes(5),
        };
    }

    public static Actual Actual(Dictionary<string, ActualAction> actions) => new() { At = Now, Status = ExecutionStatus.Executing, Actions = actions };

    public static DivergenceReport Report(DivergenceLevel level, double? flow = 0, double? time = 0, double? data = 0) => new()
    {
        Level = level,
        Flow = new() { Value = flow },
        Time = new() { Value = time },
        Space = new() { Why = "no path" },
        Data = new() { Value = data },
        Lost = [],
        Summary = "",
        At = Now,
    };

    public static SpatialDataRequested Data(string name = "zones", string? query = """{"bbox":[0,0,40,30]}""") => new()
    {
        ContractId = Guid.CreateVersion7(),
        RequestId = Guid.CreateVersion7(),
        Name = name,
        Query = query is null ? null : JsonElement.Parse(query),
    };

    public static string TasksFile => Path.Combine(TestContext.CurrentContext.TestDirectory, "examples", "tasks.yaml");

    /// <summary>The first task of examples/tasks.yaml, of which a1 is done, leaves agv-17.</summary>
    public static ReassignmentRequested Reassignment() => new()
    {
        ContractId = Guid.CreateVersion7(),
        TaskId = "T-4801",
        Task = new() { TaskId = "T-4801", Type = "deliver-pallet", Priority = 5 },
        RemainingActions = [Action("a2"), Action("a3")],
        ExcludeDevices = ["agv-17"],
        Reason = "offline too long",
        Attempt = 1,
    };

    public static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
