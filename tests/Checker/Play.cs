using System.Text.Json.Nodes;

namespace ExecutionManager.Checker;

/// <summary>One contract, and the Scheduler and the device on its two sides: what they say, from what they were told.</summary>
internal sealed class Play
{
    private readonly DateTime start = TimeProvider.System.GetUtcNow().UtcDateTime;
    private readonly string device;
    private readonly List<string> actions;
    private long uptime = 1000;

    public Play(int entries)
    {
        // accepted, started and finished for each action, completed.
        actions = [.. Enumerable.Range(1, (entries - 2) / 2).Select(number => $"a{number}")];
        device = $"checked-{ContractId[..8]}";
    }

    public string ContractId { get; } = Guid.NewGuid().ToString();

    public long Tail => 2 * actions.Count + 2;

    public JsonObject Document => new()
    {
        ["contractId"] = ContractId, ["deviceId"] = device, ["task"] = new JsonObject { ["taskId"] = $"T-{ContractId}", ["type"] = "deliver" },
        ["actions"] = new JsonArray([.. actions.Select(id => (JsonNode)new JsonObject
        {
            ["actionId"] = id, ["actionType"] = "drive", ["duration"] = new JsonObject { ["min"] = "PT1M", ["mode"] = "PT2M", ["max"] = "PT3M" },
        })]),
        ["scope"] = new JsonObject { ["actionTypes"] = new JsonArray("drive"), ["offlineAllowance"] = "PT1H" },
    };

    public Message Birth() => New("DeviceConnected", new JsonObject
    {
        // So rarely heard a device is not thought silent while its workers are down.
        ["reportInterval"] = "PT1H", ["capabilities"] = new JsonObject { ["evidence"] = "journal", ["lease"] = "enforced" },
        ["contracts"] = new JsonArray(), ["retained"] = false,
    });

    public Message Assignment() => new(Guid.NewGuid().ToString(), "TaskAssigned", Document);

    public Message Acceptance(JsonObject push) => New("ContractAcknowledged", new JsonObject
    {
        ["contractId"] = ContractId, ["revision"] = push["contract"]!["revision"]!.DeepClone(), ["contentHash"] = push["contentHash"]!.DeepClone(), ["accepted"] = true,
    });

    /// <summary>The journal from one seq through another, as one message.</summary>
    public Message Report(long from, long through, string? reportId = null)
    {
        var body = new JsonObject
        {
            ["contractId"] = ContractId, ["entries"] = new JsonArray([.. Entries().Skip((int)from - 1).Take((int)(through - from + 1))]), ["tail"] = Tail,
        };
        if (through == Tail)
        {
            body["snapshot"] = new JsonObject
            {
                ["at"] = start, ["status"] = "completed", ["revision"] = 1, ["intentVersion"] = 1,
                ["actions"] = new JsonObject(actions.Select(id => KeyValuePair.Create(id, (JsonNode?)new JsonObject { ["status"] = "finished" }))),
            };
        }

        if (reportId is not null)
        {
            body["reportId"] = reportId;
        }

        return New("ExecutionReported", body);
    }

    private IEnumerable<JsonNode> Entries()
    {
        yield return Entry(1, "accepted", null);
        for (var i = 0; i < actions.Count; i++)
        {
            yield return Entry(2 * i + 2, "actionStarted", actions[i]);
            yield return Entry(2 * i + 3, "actionFinished", actions[i]);
        }

        yield return Entry((int)Tail, "completed", null);
    }

    private JsonObject Entry(int seq, string type, string? action)
    {
        var entry = new JsonObject { ["seq"] = seq, ["revision"] = 1, ["at"] = start.AddMilliseconds(seq), ["type"] = type };
        if (action is not null)
        {
            entry["actionId"] = action;
        }

        return entry;
    }

    private Message New(string type, JsonObject body)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        (body["deviceId"], body["connectionEpoch"], body["uptimeMs"], body["sentAt"], body["receivedAt"]) = (device, 1, ++uptime, now, now);
        return new Message(Guid.NewGuid().ToString(), type, body);
    }
}
