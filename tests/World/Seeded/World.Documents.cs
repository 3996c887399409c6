using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;

namespace ExecutionManager.World.Tests;

/// <content>Contract documents.</content>
internal sealed partial class World
{
    /// <summary>A contract that the seed thinks of.</summary>
    private JsonElement Draw()
    {
        var contract = NextId();
        var device = links[chance.Next(links.Count)].Name;
        var task = chance.Next(4) == 0 && laws.AnyTask(chance) is { } known ? known : $"T-{contract:N}"[..10];
        var isLong = chance.NextDouble() < plan.LongActions;
        var document = Document(contract, device, task, chance.Next(1, 5), isLong ? 40 : 4, TimeSpan.FromSeconds(chance.Next(20, 120)));
        document["task"]!["priority"] = chance.Next(3);
        if (chance.Next(6) == 0)
            document["scope"]!["notAfter"] = (Now + TimeSpan.FromSeconds(chance.Next(20, 200))).UtcDateTime;
        if (chance.Next(6) == 0)
            document["scope"]!["notBefore"] = (Now + TimeSpan.FromSeconds(chance.Next(5, 40))).UtcDateTime;
        if (chance.Next(4) == 0)
            document["dataRequests"] = new JsonArray(new JsonObject { ["name"] = "zones", ["source"] = "equator", ["query"] = new JsonObject { ["bbox"] = new JsonArray(0, 0, 40, 30) } });
        if (chance.Next(3) == 0)
        {
            var map = Encoding.UTF8.GetBytes($"map {contract}");
            document["data"] = new JsonArray(new JsonObject
            {
                ["name"] = "map", ["mediaType"] = "text/plain", ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(map)), ["content"] = Convert.ToBase64String(map),
            });
        }
        return JsonSerializer.SerializeToElement(document);
    }

    /// <summary>Actions of <paramref name="seconds"/> to twice as long each.</summary>
    public static JsonObject Document(Guid contract, string device, string task, int actions, int seconds, TimeSpan allowance) => new()
    {
        ["contractId"] = contract,
        ["deviceId"] = device,
        ["task"] = new JsonObject { ["taskId"] = task, ["type"] = "deliver" },
        ["frame"] = "hall-3",
        ["actions"] = new JsonArray([.. Enumerable.Range(1, actions).Select(i => (JsonNode)new JsonObject
        {
            ["actionId"] = $"a{i}",
            ["actionType"] = "drive",
            ["idempotent"] = i % 3 == 0,
            ["duration"] = new JsonObject
            {
                ["min"] = XmlConvert.ToString(TimeSpan.FromSeconds(seconds)),
                ["mode"] = XmlConvert.ToString(TimeSpan.FromSeconds(seconds * 1.5)),
                ["max"] = XmlConvert.ToString(TimeSpan.FromSeconds(seconds * 2)),
            },
        })]),
        ["scope"] = new JsonObject
        {
            ["actionTypes"] = new JsonArray("drive"),
            ["offlineAllowance"] = XmlConvert.ToString(allowance),
            ["stopTime"] = "PT4S",
        },
    };
}
