using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;

namespace ExecutionManager.Sagas;

/// <summary>Reads the Planner's plan with the same rules as a submitted document.</summary>
internal static class PlanReading
{
    /// <summary>The next revision, or every reason why the plan cannot be one.</summary>
    /// <param name="executed">What was executed of it: an id that is spent is refused. One that is finished is skipped by the device.</param>
    public static (Contract? Plan, IReadOnlyList<string> Errors) Read(
        Contract current, PlanRevised revised, Execution executed, int revision, long plannedAtSeq, DateTimeOffset now)
    {
        var document = JsonNode.Parse(ContractDocument.Write(current))!.AsObject();
        document["actions"] = JsonSerializer.SerializeToNode(revised.Actions, WireJson.Options);
        if (revised.Scope is { } scope)
        {
            document["scope"] = JsonSerializer.SerializeToNode(scope, WireJson.Options);
        }

        foreach (var made in new[] { "revision", "fencingToken", "plannedAtSeq" })
        {
            document.Remove(made);
        }

        var reading = ContractDocument.Read(JsonSerializer.SerializeToElement(document), current.ContractId, now);
        if (reading.Contract is not { } read || reading.Errors.Count > 0)
        {
            return (null, [.. reading.Errors.Select(error => $"{error.Key}: {string.Join(", ", error.Value)}")]);
        }

        var spent = read.Actions.Index().Where(one => Plans.IsSpent(executed, one.Item))
            .Select(one => $"actions[{one.Index}].actionId: is that of an action that is {executed.Of(one.Item.ActionId)!.Status.Word()}; once more needs a new one, with retryOf")
            .ToList();
        return spent.Count > 0 ? (null, spent) : (Plans.Revise(current, read.Actions, read.Scope, revision, plannedAtSeq), []);
    }
}
