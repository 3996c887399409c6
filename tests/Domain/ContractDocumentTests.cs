using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;

namespace ExecutionManager.Domain.Tests;

public class When_a_contract_is_read
{
    private const string Whole = """
        { "contractId": "0198f0c2-7c1e-7d3a-9a55-1b2f6b0a4c11", "deviceId": "agv-17",
          "task": { "taskId": "T-4711", "type": "deliver-pallet", "priority": 5, "parameters": { "x": [1.50, "é+"] } },
          "frame": "hall-3",
          "actions": [ { "actionId": "a1", "actionType": "drive", "parameters": {}, "retryOf": null,
            "duration": { "min": "PT40S", "mode": "PT1M", "max": "PT2M" }, "idempotent": false,
            "path": { "type": "LineString", "coordinates": [[2.0,1.0],[18.5,1.0]], "note": "kept" } } ],
          "scope": { "actionTypes": ["drive","pick","drop"],
            "area": { "type": "Polygon", "coordinates": [[[0,0],[40,0],[40,30],[0,30],[0,0]]] },
            "notBefore": "2026-11-24T09:00:00Z", "notAfter": "2026-11-24T12:00:00+01:00", "offlineAllowance": "PT10M", "stopTime": "PT10S" },
          "data": [ { "name": "map", "mediaType": "application/geo+json", "sha256": "HASH", "content": "e30=" } ],
          "dataRequests": [ { "name": "zones", "source": "equator", "query": { "bbox": [0,0,40,30] } } ],
          "tolerance": { "schedule": "PT30S", "position": 5.0, "minFitness": 1.0 }, "unknown": [1, {"a": 2}] }
        """;

    private static JsonNode Body() =>
        JsonNode.Parse(Whole.Replace("HASH", Convert.ToHexStringLower(SHA256.HashData("{}"u8))))!;

    private static ContractReading Read(JsonNode body) =>
        ContractDocument.Read(Make.Json(body.ToJsonString()), Guid.Parse("11111111-1111-7111-8111-111111111111"), Make.T0);

    /// <summary>Reads the example with one place changed; the value is JSON, or null to leave the field out.</summary>
    private static ContractReading With(string path, string? value)
    {
        var body = Body();
        var steps = path.Split('.');
        var at = steps[..^1].Aggregate(body, (node, step) => int.TryParse(step, out var i) ? node[i]! : node[step]!);
        if (at is JsonArray array)
        {
            array[int.Parse(steps[^1])] = JsonNode.Parse(value!);
        }
        else if (value is null)
        {
            at.AsObject().Remove(steps[^1]);
        }
        else
        {
            at[steps[^1]] = JsonNode.Parse(value);
        }
        return Read(body);
    }

    [Test]
    public void Should_write_it_in_the_order_of_the_page_with_defaults_spelled_out()
    {
        const string minimal = """
            {"deviceId":"d","task":{"taskId":"t","type":"x"},"scope":{"actionTypes":["drive"],"offlineAllowance":"PT600S"},
             "actions":[{"actionId":"a","actionType":"drive","duration":{"min":"PT1S","mode":"PT1S","max":"P1DT0.5S"}}]}
            """;
        var reading = Read(JsonNode.Parse(minimal)!);
        Assert.That(reading.Errors, Is.Empty);
        Assert.That(ContractDocument.Write(reading.Contract!), Is.EqualTo(
            """{"contractId":"11111111-1111-7111-8111-111111111111","deviceId":"d","task":{"taskId":"t","type":"x","priority":0,"parameters":{}},"frame":"wgs84","actions":[{"actionId":"a","actionType":"drive","parameters":{},"retryOf":null,"duration":{"min":"PT1S","mode":"PT1S","max":"P1DT0.5S"},"idempotent":false}],"scope":{"actionTypes":["drive"],"offlineAllowance":"PT10M","stopTime":"PT10S"},"data":[],"dataRequests":[],"tolerance":{"schedule":"PT30S","position":5,"minFitness":1},"revision":1,"fencingToken":0,"plannedAtSeq":0}"""));
    }

    [Test]
    public void Should_keep_everything_through_writing_and_parsing()
    {
        var written = ContractDocument.Write(Read(Body()).Contract!);
        Assert.That(ContractDocument.Write(ContractDocument.Parse(written)), Is.EqualTo(written));
        Assert.That(written, Does.Contain("\"coordinates\":[[2.0,1.0],[18.5,1.0]],\"note\":\"kept\"").And.Contain("[1.50,\"é+\"]")
            .And.Contain("\"notAfter\":\"2026-11-24T11:00:00Z\"").And.Not.Contain("unknown"));
        Assert.That(ContractDocument.WithoutContents(written), Is.EqualTo(written.Replace(",\"content\":\"e30=\"", "")));
        Assert.That(ContractDocument.Hash("{}"), Is.EqualTo("sha256:" + Convert.ToHexStringLower(SHA256.HashData("{}"u8))));
    }

    [TestCase("contractId", "\"no\"", "contractId")]
    [TestCase("contractId", "\"00000000-0000-0000-0000-000000000000\"", "contractId")]
    [TestCase("deviceId", "\"agv 17\"", "deviceId")]
    [TestCase("deviceId", "17", "deviceId")]
    [TestCase("deviceId", null, "deviceId")]
    [TestCase("task", null, "task")]
    [TestCase("task", "[]", "task")]
    [TestCase("task.taskId", "\"\"", "task.taskId")]
    [TestCase("task.type", null, "task.type")]
    [TestCase("task.type", "\"\\u0000\"", "task.type")]
    [TestCase("task.priority", "1.5", "task.priority")]
    [TestCase("task.parameters", "[]", "task.parameters")]
    [TestCase("frame", "\" \"", "frame")]
    [TestCase("actions", "[]", "actions")]
    [TestCase("actions", "{}", "actions")]
    [TestCase("actions.0", "7", "actions[0]")]
    [TestCase("actions.0.actionId", "\"a/1\"", "actions[0].actionId")]
    [TestCase("actions.0.actionType", "\"fly\"", "actions[0].actionType")]
    [TestCase("actions.0.idempotent", "\"yes\"", "actions[0].idempotent")]
    [TestCase("actions.0.duration", null, "actions[0].duration")]
    [TestCase("actions.0.duration.min", null, "actions[0].duration.min")]
    [TestCase("actions.0.duration.min", "\"PT0S\"", "actions[0].duration.min")]
    [TestCase("actions.0.duration.min", "\"PT61S\"", "actions[0].duration.min")]
    [TestCase("actions.0.duration.mode", "\"PT3M\"", "actions[0].duration.mode")]
    [TestCase("actions.0.duration.mode", "\"P1M\"", "actions[0].duration.mode")]
    [TestCase("actions.0.duration.max", "\"P1Y2DT3H\"", "actions[0].duration.max")]
    [TestCase("actions.0.duration.max", "\"P2W\"", "actions[0].duration.max")]
    [TestCase("actions.0.duration.max", "\"PT\"", "actions[0].duration.max")]
    [TestCase("actions.0.duration.max", "\"-PT5M\"", "actions[0].duration.max")]
    [TestCase("actions.0.duration.max", "\"00:02:00\"", "actions[0].duration.max")]
    [TestCase("actions.0.duration.max", "\"P9999D\"", "actions[0].duration.max")]
    [TestCase("actions.0.path", "\"here\"", "actions[0].path")]
    [TestCase("actions.0.path.coordinates", "[[1,1]]", "actions[0].path")]
    [TestCase("actions.0.path.coordinates", "[[1,1],[1,1]]", "actions[0].path")]
    [TestCase("actions.0.path.coordinates", "[[1,1],[41,1]]", "actions[0].path")]
    [TestCase("actions.0.path.coordinates", "[[1,1],[1e999,1]]", "actions[0].path")]
    [TestCase("scope", null, "scope")]
    [TestCase("scope.actionTypes", "[]", "scope.actionTypes")]
    [TestCase("scope.actionTypes.1", "7", "scope.actionTypes[1]")]
    [TestCase("scope.area.type", "\"Circle\"", "scope.area")]
    [TestCase("scope.area.coordinates", "[[[0,0],[40,0],[40,30],[0,30]]]", "scope.area")]
    [TestCase("scope.area.coordinates", "[[[0,0],[40,30],[40,0],[0,30],[0,0]]]", "scope.area")]
    [TestCase("scope.area.coordinates", "[[[0,0],[\"1\",0],[40,30],[0,0]]]", "scope.area")]
    [TestCase("scope.notAfter", "\"2026-11-24T08:59:59Z\"", "scope.notBefore,scope.notAfter")]
    [TestCase("scope.notAfter", "\"2026-11-24T12:00:00\"", "scope.notAfter")]
    [TestCase("scope.notBefore", "\"2026-11-24T13:00:00Z\"", "scope.notBefore")]
    [TestCase("scope.offlineAllowance", null, "scope.offlineAllowance")]
    [TestCase("scope.offlineAllowance", "\"PT0S\"", "scope.offlineAllowance")]
    [TestCase("data.0.sha256", "\"abc\"", "data[0].sha256")]
    [TestCase("data.0.content", "\"e3w=\"", "data[0].sha256")]
    [TestCase("data.0.content", "\"*\"", "data[0].content")]
    [TestCase("data.0.name", "\"zones\"", "dataRequests[0].name")]
    [TestCase("dataRequests.0.query", "1", "dataRequests[0].query")]
    [TestCase("tolerance.minFitness", "1.1", "tolerance.minFitness")]
    [TestCase("tolerance.schedule", "30", "tolerance.schedule")]
    [TestCase("revision", "1", "revision")]
    [TestCase("fencingToken", "null", "fencingToken")]
    [TestCase("plannedAtSeq", "0", "plannedAtSeq")]
    public void Should_name_the_field_that_is_wrong_and_no_other(string path, string? value, string faults)
    {
        var reading = With(path, value);
        Assert.That(reading.Errors.Keys, Is.EquivalentTo(faults.Split(',')), string.Join("; ", reading.Errors.Select(e => $"{e.Key}: {e.Value[0]}")));
        Assert.That(reading.Contract, Is.Null);
    }

    [Test]
    public void Should_name_every_fault_at_once()
    {
        var body = Body();
        var second = body["actions"]![0]!.DeepClone();
        second["actionType"] = "fly";
        second["duration"] = JsonNode.Parse("""{"min":"PT3M","max":"PT2M"}""");
        body["actions"]!.AsArray().Add(second);
        body["deviceId"] = null;
        body["scope"]!["notAfter"] = "2020-01-01T00:00:00Z";
        body["revision"] = 2;
        Assert.That(Read(body).Errors.Keys, Is.EquivalentTo(
        [
            "deviceId", "actions[1].actionId", "actions[1].actionType", "actions[1].duration.min", "actions[1].duration.mode",
            "scope.notBefore", "scope.notAfter", "revision",
        ]));
    }

    [Test]
    public void Should_take_500_actions_and_no_more()
    {
        var body = Body();
        var template = body["actions"]![0]!;
        JsonNode[] actions = [.. Enumerable.Range(0, 501).Select(i => { var a = template.DeepClone(); a["actionId"] = $"a{i}"; return a; })];
        body["actions"] = new JsonArray([.. actions.Take(500).Select(a => a.DeepClone())]);
        Assert.That(Read(body).Errors, Is.Empty);
        body["actions"] = new JsonArray(actions);
        Assert.That(Read(body).Errors.Keys, Is.EqualTo(["actions"]));
    }

    [Test]
    public void Should_say_that_it_is_too_large_once_defaults_are_spelled_out()
    {
        var body = Body();
        body["task"]!["parameters"] = new JsonObject { ["blob"] = new string('x', ContractDocument.MaxBytes) };
        var reading = Read(body);
        Assert.That((reading.TooLarge, reading.Contract, reading.Errors.ContainsKey("$")), Is.EqualTo((true, (Contract?)null, true)));
    }

    [Test]
    public void Should_know_the_same_request_however_it_is_written()
    {
        var body = Body();
        var first = ContractDocument.Fingerprint(Read(body).Contract!);
        body["scope"]!.AsObject().Remove("stopTime");
        var task = body["task"]!.DeepClone().AsObject();
        body["task"] = new JsonObject([.. task.Reverse().Select(f => KeyValuePair.Create(f.Key, f.Value?.DeepClone()))]);
        body["task"]!["parameters"] = JsonNode.Parse("""{ "x": [1.5, "\u00e9+"] }""");
        body["contractId"] = Guid.NewGuid().ToString();
        Assert.That(ContractDocument.Fingerprint(Read(body).Contract!), Is.EqualTo(first));
        body["task"]!["priority"] = 6;
        Assert.That(ContractDocument.Fingerprint(Read(body).Contract!), Is.Not.EqualTo(first));
    }

    [Test]
    public void Should_still_know_it_when_its_window_is_over()
    {
        var reading = ContractDocument.Read(Make.Json(Body().ToJsonString()), Guid.NewGuid(), Make.At(86_400));
        Assert.That((reading.Contract, reading.Unchecked?.DeviceId), Is.EqualTo(((Contract?)null, "agv-17")));
    }

    [Test]
    public void Should_refuse_what_cannot_be_written_again()
    {
        Assert.That(Read(JsonNode.Parse("[]")!).Errors.Keys, Is.EqualTo(["$"]));
        Assert.That(ContractDocument.Read(default, Guid.NewGuid(), Make.T0).Errors.Keys, Is.EqualTo(["$"]));
        var half = Make.Json("""{"deviceId":"\ud800","task":{"parameters":{"\udc00":1}}}""");
        Assert.That(ContractDocument.Read(half, Guid.NewGuid(), Make.T0).Errors.Keys, Is.EquivalentTo(["deviceId", "task.parameters"]));
        var deep = new string('[', 60) + new string(']', 60);
        Assert.That(With("task.parameters.x", deep).Errors.Keys.Single(), Does.StartWith("task.parameters.x[0][0]"));
    }

    [Test]
    public void Should_never_throw_whatever_is_put_in_any_place()
    {
        string[] values =
        [
            "null", "true", "-1", "1e400", "99999999999999999999", "\"\"", "\"\\ud800\"", "\"PT999999999D\"", "\"P99999999DT9999999999H\"", "[]", "[[]]", "[[[]]]", "[null]",
            "{}", "{\"type\":\"Polygon\"}", "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[0,0],[0,0],[0,0]]]}", "{\"type\":\"Point\",\"coordinates\":[]}",
            "{\"type\":\"LineString\",\"coordinates\":[[1e308,-1e308],[1,2,3,4,5]]}", "\"0001-01-01T00:00:00+14:00\"", "\"9999-12-31T23:59:59-14:00\"", "{\"\\ud800\":{}}",
        ];
        var places = Places(Body()).ToArray();
        Gen.Select(Gen.OneOf(places), Gen.OneOf(values), Gen.OneOf(places), Gen.OneOf(values)).Sample((one, first, other, second) =>
        {
            // Texts, so that what no writer would write can be put in, too.
            var text = Body();
            Put(text, one, "@1");
            Put(text, other, "@2");
            var json = text.ToJsonString().Replace("\"@1\"", first).Replace("\"@2\"", second);
            var reading = ContractDocument.Read(Make.Json(json), Guid.NewGuid(), Make.T0);
            if (reading.Contract is { } contract)
            {
                var written = ContractDocument.Write(contract);
                Assert.That(ContractDocument.Write(ContractDocument.Parse(written)), Is.EqualTo(written));
            }
        }, iter: 1000);
    }

    private static IEnumerable<string[]> Places(JsonNode? node) => node switch
    {
        JsonObject obj => obj.SelectMany(field => Places(field.Value).Select(rest => (string[])[field.Key, .. rest]).Append([field.Key])),
        JsonArray array => array.SelectMany((item, i) => Places(item).Select(rest => (string[])[$"{i}", .. rest]).Append([$"{i}"])),
        _ => [],
    };

    private static void Put(JsonNode body, string[] place, string value)
    {
        JsonNode? at = body;
        foreach (var step in place[..^1])
        {
            at = at is JsonArray a ? a[int.Parse(step)] : at is JsonObject o ? o[step] : null;
        }
        if (at is JsonArray array)
        {
            array[int.Parse(place[^1])] = value;
        }
        else if (at is JsonObject obj)
        {
            obj[place[^1]] = value;
        }
    }
}

public class When_data_is_fetched
{
    private static readonly string Hash = Convert.ToHexStringLower(SHA256.HashData("{}"u8));

    private static readonly Contract Asking = Make.Plan("a1") with { DataRequests = [new("zones", "equator", Make.Json("{}"))] };

    [Test]
    public void Should_move_the_name_from_the_requests_to_the_data()
    {
        var (contract, _) = ContractData.Provide(Asking, "zones", "application/geo+json", "e30=", "sha256:" + Hash.ToUpperInvariant());
        Assert.That(contract!.DataRequests, Is.Empty);
        Assert.That(contract.Data, Is.EqualTo([new DataItem("zones", "application/geo+json", Hash, "e30=")]));
        Assert.That(ContractData.Provide(contract, "zones", "x", "e30=", Hash).Contract, Is.SameAs(contract), "twice");
    }

    [Test]
    public void Should_say_why_it_cannot_be_taken()
    {
        var large = new byte[ContractDocument.MaxBytes];
        Assert.That(ContractData.Provide(Asking, "zones", "x", "e3w=", Hash).Reason, Is.EqualTo("hashWrong"));
        Assert.That(ContractData.Provide(Asking, "zones", "x", "*", Hash).Reason, Is.EqualTo("notBase64"));
        Assert.That(ContractData.Provide(Asking, "zones", "x", Convert.ToBase64String(large), Convert.ToHexStringLower(SHA256.HashData(large))).Reason,
            Is.EqualTo("tooLarge"));
    }
}
