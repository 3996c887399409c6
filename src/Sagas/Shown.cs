using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;

namespace ExecutionManager.Sagas;

/// <summary>What the domain found, in the words of the wire.</summary>
public static class Shown
{
    /// <summary>What is known to have happened; null before any evidence.</summary>
    public static Actual? Actual(Execution execution, Contract plan, LatestSample? latest)
    {
        if (execution.At is not { } at)
        {
            return null;
        }

        var live = latest is { ActionId: { } actionId } && latest.At >= at && execution.Running?.ActionId == actionId ? latest : null;
        return new Actual
        {
            At = live?.At ?? at,
            Status = Enum.Parse<Messages.ExecutionStatus>(execution.Status.ToString()),
            Progress = PlanProgress.Known(plan, execution, live?.Progress),
            Actions = execution.Actions.ToDictionary(
                action => action.Key,
                action => new ActualAction
                {
                    Status = OnTheWire(action.Value.Status),
                    Progress = live?.ActionId == action.Key ? live.Progress ?? action.Value.Progress : action.Value.Progress,
                    StartedAt = action.Value.StartedAt,
                    EndedAt = action.Value.EndedAt,
                }),
            Position = latest is not null && latest.At >= at ? latest.Position ?? execution.Position : execution.Position ?? latest?.Position,
            Battery = latest?.Battery,
        };
    }

    /// <summary>The wire has VDA 5050's words: an action that was stopped ended without its result.</summary>
    private static Messages.ActionStatus OnTheWire(ActionStatus status) =>
        status == ActionStatus.Stopped ? Messages.ActionStatus.Failed : Enum.Parse<Messages.ActionStatus>(status.ToString());

    public static DivergenceReport Divergence(Divergence found) => new()
    {
        Level = Enum.Parse<DivergenceLevel>(found.Level.ToString()),
        Dominant = found.Dominant is { } dominant ? Enum.Parse<DivergenceMeasure>(dominant, ignoreCase: true) : null,
        Flow = new FlowDivergence { Value = found.Flow.Value, Fitness = found.Flow.Fitness, Why = found.Flow.Why },
        Time = new TimeDivergence
        {
            Value = found.Time.Value, Why = found.Time.Why, Action = found.Time.Action, Actual = found.Time.EndedAt,
            Deviation = found.Time.Action is null ? null : found.Time.Deviation, Expected = found.Time is { From: { } from, To: { } to } ? [from, to] : null,
        },
        Space = new SpaceDivergence { Value = found.Space.Value, Why = found.Space.Why },
        Data = new DataDivergence { Value = found.Data.Value },
        Lost = [.. found.Lost.Select(range => new Messages.SeqRange { FromSeq = range.From, ThroughSeq = range.To })],
        IncorrectFor = found.IncorrectFor,
        Summary = found.Summary,
        At = found.At,
    };

    /// <summary>The contract document for a neighbour: the contents of its data are left out.</summary>
    public static Messages.ContractDocument Document(Contract plan) => Read(ContractDocument.WithoutContents(ContractDocument.Write(plan)));

    public static Messages.ContractDocument Read(string json) => JsonSerializer.Deserialize<Messages.ContractDocument>(json, WireJson.Options)!;

    public static IReadOnlyList<Messages.PlannedAction> Actions(Contract plan, IReadOnlyList<PlannedAction> actions) =>
        Read(ContractDocument.Write(plan with { Actions = actions, Data = [] })).Actions!;
}
