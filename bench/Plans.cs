using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Domain;

namespace ExecutionManager.Bench;

/// <summary>A plan of any length, as it comes and as it is read.</summary>
public static class Plans
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static JsonElement Document(int actions) => JsonSerializer.SerializeToElement(new JsonObject
    {
        ["contractId"] = "0198f0c2-7c1e-7d3a-9a55-1b2f6b0a4c11", ["deviceId"] = "agv-17", ["frame"] = "hall-3",
        ["task"] = new JsonObject { ["taskId"] = "T-4711", ["type"] = "deliver-pallet" },
        ["actions"] = new JsonArray([.. Enumerable.Range(1, actions).Select(number => (JsonNode)new JsonObject
        {
            ["actionId"] = $"a{number}", ["actionType"] = "drive",
            ["duration"] = new JsonObject { ["min"] = "PT40S", ["mode"] = "PT1M", ["max"] = "PT2M" },
            ["path"] = new JsonObject { ["type"] = "LineString", ["coordinates"] = new JsonArray(new JsonArray(2.0, 1.0), new JsonArray(18.5, 1.0)) },
        })]),
        ["scope"] = new JsonObject { ["actionTypes"] = new JsonArray("drive"), ["offlineAllowance"] = "PT10M" },
    });

    public static Contract Read(JsonElement document) => ContractDocument.Read(document, Guid.Empty, Start).Contract
        ?? throw new InvalidOperationException("The benchmark's own document has faults.");
}
