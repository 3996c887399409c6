using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;

namespace ExecutionManager.Sagas;

/// <summary>Reads the Planner's plan with the same rules as a submitted document.</summary>
internal static class PlanReading
{
    /// <summary>The next revision, or every reason why the plan cannot be one.</summary>
    public static (Contract? Plan, IReadOnlyList<string> Errors) Read(Contract current, PlanRevised revised, int revision, long plannedAtSeq, DateTimeOffset now)
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
        return reading.Contract is { } read && reading.Errors.Count == 0
            ? (Plans.Revise(current, read.Actions, read.Scope, revision, plannedAtSeq), [])
            : (null, [.. reading.Errors.Select(error => $"{error.Key}: {string.Join(", ", error.Value)}")]);
    }
}
