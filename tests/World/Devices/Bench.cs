using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using ExecutionManager.Simulation;

namespace ExecutionManager.World.Tests;

/// <summary>A device on the bench: plays the other side by hand, with plain JSON, and moves the clock.</summary>
internal sealed class Bench
{
    public const string C1 = "0198f0c2-7c1e-7d3a-9a55-000000000001";
    public const string C2 = "0198f0c2-7c1e-7d3a-9a55-000000000002";
    public const string ReportId = "0198f0c2-7c1e-7d3a-9a55-00000000000f";

    public Bench(DeviceProfile? profile = null, DeviceScript? script = null)
    {
        Profile = profile ?? new DeviceProfile { DeviceId = "agv-17", Seed = 1 };
        if (script is not null)
            Profile = Profile with { Script = script };
        Device = new SimulatedDevice(Profile, Now);
    }

    public DeviceProfile Profile { get; }

    public SimulatedDevice Device { get; private set; }

    public DateTimeOffset Now { get; private set; } = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);

    public List<DeviceMessage> Sent { get; } = [];

    public long AsOf { get; private set; }

    public static Bench Connected(DeviceProfile? profile = null, DeviceScript? script = null)
    {
        var bench = new Bench(profile, script);
        bench.Connect();
        return bench;
    }

    /// <summary>Actions of exactly 60 s unless the script says otherwise.</summary>
    public static JsonObject Contract(string id = C1, string[]? actions = null) => new()
    {
        ["contractId"] = id,
        ["deviceId"] = "agv-17",
        ["task"] = new JsonObject { ["taskId"] = "T-" + id[^1], ["type"] = "deliver", ["priority"] = 0 },
        ["actions"] = new JsonArray([.. (actions ?? ["a1", "a2"]).Select(a => (JsonNode)Action(a))]),
        ["scope"] = new JsonObject { ["actionTypes"] = new JsonArray("drive"), ["offlineAllowance"] = "PT10M", ["stopTime"] = "PT10S" },
        ["revision"] = 1,
        ["fencingToken"] = 1,
        ["plannedAtSeq"] = 0,
    };

    public static JsonObject Action(string id) => new()
    {
        ["actionId"] = id,
        ["actionType"] = "drive",
        ["duration"] = new JsonObject { ["min"] = "PT60S", ["mode"] = "PT60S", ["max"] = "PT60S" },
        ["path"] = new JsonObject { ["type"] = "LineString", ["coordinates"] = new JsonArray(new JsonArray(0, 0), new JsonArray(30, 0), new JsonArray(30, 30)) },
    };

    public IReadOnlyList<JsonElement> Connect() => Take(Device.Connect(Now));

    public void Cut() => Take(Device.Disconnect(Now, clean: false));

    public IReadOnlyList<JsonElement> Push(
        JsonObject contract, long intentVersion = 1, string intent = "run", string? hash = null, double validFor = 600, long? epoch = null, long? asOf = null) =>
        Send("contract", new JsonObject
        {
            ["connectionEpoch"] = epoch ?? Device.Epoch,
            ["contentHash"] = hash ?? "sha256:" + contract.ToJsonString().GetHashCode(StringComparison.Ordinal),
            ["contract"] = contract.DeepClone(),
            ["desired"] = Desire(intent, intentVersion, asOf ?? AsOf, validFor),
        });

    public IReadOnlyList<JsonElement> Want(
        string intent, long intentVersion, string id = C1, double validFor = 600, long? epoch = null, long? asOf = null)
    {
        var body = Desire(intent, intentVersion, asOf ?? AsOf, validFor);
        body["connectionEpoch"] = epoch ?? Device.Epoch;
        body["contractId"] = id;
        body["revision"] = Device.Contracts.FirstOrDefault(c => c.ContractId == id)?.Revision ?? 1;
        return Send("desired", body);
    }

    public IReadOnlyList<JsonElement> Report(long fromSeq, string id = C1, long? epoch = null) => Send("report", new JsonObject
    {
        ["connectionEpoch"] = epoch ?? Device.Epoch,
        ["contractId"] = id,
        ["reportId"] = ReportId,
        ["fromSeq"] = fromSeq,
    });

    public IReadOnlyList<JsonElement> Ack(long throughSeq, bool closed = false, string id = C1) => Send("journal/ack", new JsonObject
    {
        ["contractId"] = id,
        ["throughSeq"] = throughSeq,
        ["closed"] = closed,
    });

    public IReadOnlyList<JsonElement> Send(string topic, JsonObject body) => SendRaw(topic, body.ToJsonString());

    public IReadOnlyList<JsonElement> SendRaw(string topic, string body) =>
        Take(Device.Receive($"em/v1/{Profile.DeviceId}/{topic}", System.Text.Encoding.UTF8.GetBytes(body), Now));

    /// <summary>Moves the clock, with a step of the device at each instant it asks for.</summary>
    public IReadOnlyList<JsonElement> Run(double seconds)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        List<JsonElement> all = [];
        while (Device.NextAt is { } next && next <= end)
        {
            Now = next > Now ? next : Now;
            all.AddRange(Take(Device.Advance(Now)));
        }
        Now = end;
        all.AddRange(Take(Device.Advance(Now)));
        return all;
    }

    public void Reboot() => Device.Reboot(Now);

    /// <summary>The process dies; another one starts on what was saved.</summary>
    public void Restart() => Device = SimulatedDevice.Load(Profile, Device.Save(), Now);

    public ContractView View(string id = C1) => Device.Contracts.Concat(Device.Closed).First(c => c.ContractId == id);

    /// <summary>The journal as words: <c>accepted actionStarted:a1 paused:hold</c>.</summary>
    public string Journal(string id = C1) => string.Join(' ', View(id).Journal.Select(e =>
        e.Type + (e.ActionId is { } action ? ":" + action : "") + (e.Data?.TryGetProperty("reason", out var reason) == true ? ":" + reason.GetString() : "")));

    private static JsonObject Desire(string intent, long intentVersion, long asOf, double validFor)
    {
        var body = new JsonObject { ["intent"] = intent, ["intentVersion"] = intentVersion };
        if (intent != "stop")
            (body["asOf"], body["validFor"]) = (asOf, XmlConvert.ToString(TimeSpan.FromSeconds(validFor)));
        return body;
    }

    private List<JsonElement> Take(IReadOnlyList<DeviceMessage> messages)
    {
        Sent.AddRange(messages);
        List<JsonElement> read = [];
        foreach (var message in messages)
        {
            var body = JsonNode.Parse(message.Payload)!.AsObject();
            AsOf = (long)body["uptimeMs"]!;
            body["topic"] = message.Topic[$"em/v1/{Profile.DeviceId}/".Length..];
            read.Add(JsonSerializer.SerializeToElement(body));
        }
        return read;
    }
}

internal static class Read
{
    public static IReadOnlyList<JsonElement> On(this IEnumerable<JsonElement> messages, string topic) =>
        [.. messages.Where(m => m.Text("topic") == topic)];

    public static string? Text(this JsonElement body, string name) =>
        body.TryGetProperty(name, out var value) ? value.ToString() : null;

    /// <summary>What a device answered to a push: <c>accepted</c> or the reason code.</summary>
    public static string? Answer(this IEnumerable<JsonElement> messages) =>
        messages.On("contract/ack").Select(a => a.GetProperty("accepted").GetBoolean() ? "accepted" : a.Text("reasonCode")).SingleOrDefault();

    public static string? Result(this IEnumerable<JsonElement> messages) =>
        messages.On("desired/ack").Select(a => a.Text("result")).SingleOrDefault();
}
