using System.Text.Json.Nodes;
using ExecutionManager.Durability;
using ExecutionManager.Store;
using Microsoft.AspNetCore.Builder;

namespace ExecutionManager.Journeys.Tests;

/// <summary>History, devices, parked messages, refusals of every kind, and the description of it all.</summary>
[TestFixture, CancelAfter(10_000)]
public class When_the_rest_is_asked
{
    private ApiHost host = null!;

    [OneTimeSetUp]
    public async Task Run() => host = await ApiHost.Run(map: app => app.MapGet("/broken", IResultOf));

    [OneTimeTearDown]
    public async Task End() => await host.DisposeAsync();

    private static string IResultOf() => throw new InvalidOperationException("a secret of the house");

    [Test]
    public async Task Should_tell_a_history_oldest_first_and_in_pages()
    {
        var id = await host.Seed(_ => { });
        await host.Store(async db =>
        {
            foreach (var (name, version, body) in new[]
            {
                ("ContractStateChanged", 5, """{"contractId":"x","from":"live","to":"projected","cause":"connectionLost","evidence":{"reason":"lost"},"version":5}"""),
                ("ContractReconciled", 5, "{}"),
                ("ContractStateChanged", 6, """{"from":"projected","to":"reconciled","cause":"actualsComplete","evidence":{"seq":9},"report":{"level":"minor"}}"""),
                ("JournalApplied", 6, """{"cause":"journalApplied","evidence":{"fromSeq":5,"throughSeq":9}}"""),
            })
            {
                db.Add(new EventRow { ContractId = id, Name = name, Version = version, At = ApiHost.Start, Body = body });
                await db.SaveChangesAsync();
            }
        });
        var first = (await host.Get($"/contracts/{id}/history?limit=2")).Json;
        var second = (await host.Get($"/contracts/{id}/history?limit=2&cursor={first["nextCursor"]}")).Json;
        var items = first["items"]!.AsArray().Concat(second["items"]!.AsArray()).Select(item => item!.AsObject()).ToList();
        Assert.That(second.ToJsonString(), Does.EndWith("\"nextCursor\":null}"));
        Assert.That(items.Select(item => long.Parse(item["entryId"]!.GetValue<string>())), Is.Ordered.And.Unique);
        Assert.That(items.Select(item =>
        {
            item.Remove("entryId");
            return item.ToJsonString();
        }), Is.EqualTo(new[]
        {
            """{"version":5,"at":"2026-11-24T09:00:00Z","from":"live","to":"projected","cause":"connectionLost","evidence":{"reason":"lost"}}""",
            """{"version":6,"at":"2026-11-24T09:00:00Z","from":"projected","to":"reconciled","cause":"actualsComplete","evidence":{"seq":9},"report":{"level":"minor"}}""",
            """{"version":6,"at":"2026-11-24T09:00:00Z","cause":"journalApplied","evidence":{"fromSeq":5,"throughSeq":9}}""",
        }));
        Assert.That((await host.Get($"/contracts/{Guid.NewGuid()}/history")).Problem, Is.EqualTo("404 not-found"));
        Assert.That((await host.Get($"/contracts/{id}/history?cursor=x")).Problem, Is.EqualTo("400 bad-cursor"));
    }

    [Test]
    public async Task Should_show_devices_with_their_contracts_and_orphans()
    {
        await host.Connect("agv-17");
        await host.Store(async db =>
        {
            db.Add(new DeviceRow { DeviceId = "agv-99" }); // named by a contract, never heard of
            await db.SaveChangesAsync();
        });
        var open = await host.Seed(saga => saga.CurrentState = "Live", document: ApiHost.Document(deviceId: "agv-17"));
        await host.Seed(saga => saga.CurrentState = "Completed", document: ApiHost.Document(deviceId: "agv-17"));
        var orphan = Guid.NewGuid();
        await host.Store(async db =>
        {
            db.Add(new JournalRow { ContractId = open, Seq = 1, DeviceId = "agv-17", Json = "{}", StoredAt = ApiHost.Start });
            db.Add(new JournalRow { ContractId = orphan, Seq = 1, DeviceId = "agv-17", Json = "{}", StoredAt = ApiHost.Start });
            db.Add(new JournalRow { ContractId = orphan, Seq = 2, DeviceId = "agv-17", Json = "{}", StoredAt = ApiHost.Start.AddMinutes(1) });
            await db.SaveChangesAsync();
        });
        Assert.That((await host.Get("/devices/agv-17")).Text, Is.EqualTo($$"""
            {"deviceId":"agv-17","connected":true,"connectionEpoch":1,"changedAt":"2026-11-24T09:00:00Z","lastSeenAt":"2026-11-24T09:00:00Z","reportInterval":"PT5S","capabilities":{"evidence":"journal","lease":"enforced"},"contracts":["{{open}}"],"orphans":[{"contractId":"{{orphan}}","entries":2,"since":"2026-11-24T09:00:00Z"}]}
            """));
        Assert.That((await host.Get("/devices/agv-99")).Text, Is.EqualTo("""{"deviceId":"agv-99","connected":false,"contracts":[],"orphans":[]}"""));
        Assert.That((await host.Get("/devices/nobody")).Problem, Is.EqualTo("404 not-found"));

        var first = (await host.Get("/devices?limit=1")).Json;
        var second = (await host.Get($"/devices?limit=1&cursor={first["nextCursor"]}")).Json;
        Assert.That(new[] { first, second }.Select(page => page["items"]![0]!["deviceId"]!.GetValue<string>()), Is.EqualTo(new[] { "agv-17", "agv-99" }));
        Assert.That(second["nextCursor"], Is.Null);
    }

    [Test]
    public async Task Should_list_parked_messages_and_send_them_again()
    {
        var (message, contract) = (Guid.NewGuid(), Guid.NewGuid());
        await host.Store(async db =>
        {
            db.Add(new OutboxMessage
            {
                MessageId = message, MessageType = "urn:message:ExecutionManager.Contracts.Messages:RecoveryRequested", CorrelationId = contract,
                Attempts = 10, LastError = "No endpoint consumes this message.", EnqueuedAt = ApiHost.Start.UtcDateTime, ParkedAt = ApiHost.Start.UtcDateTime,
            });
            await db.SaveChangesAsync();
        });
        Assert.That((await host.Get("/messages/parked")).Text, Is.EqualTo($$"""
            {"items":[{"messageId":"{{message}}","type":"RecoveryRequested","contractId":"{{contract}}","attempts":10,"lastError":"No endpoint consumes this message.","since":"2026-11-24T09:00:00Z"}],"nextCursor":null}
            """));
        Assert.That((await host.Post($"/messages/parked/{message}/send", null)).Status, Is.EqualTo(202));
        Assert.That((await host.Post($"/messages/parked/{Guid.NewGuid()}/send", null)).Problem, Is.EqualTo("404 not-found"));
    }

    [TestCase("GET", "/nothing", "404 not-found")]
    [TestCase("GET", "/contracts/no-uuid", "404 not-found")]
    [TestCase("DELETE", "/contracts", "405 method-not-allowed")]
    [TestCase("GET", "/broken", "500 internal")]
    public async Task Should_refuse_everything_with_a_problem_and_no_trace(string method, string path, string problem)
    {
        var refused = await host.Send(new HttpMethod(method), path, null);
        Assert.That(refused.Problem, Is.EqualTo(problem));
        Assert.That(refused.Text, Does.Not.Contain("secret").And.Not.Contain("   at "));
    }

    /// <summary>No text with U+0000 can be kept in every database.</summary>
    [Test]
    public async Task Should_refuse_a_text_that_no_database_keeps()
    {
        var document = ApiHost.Document();
        document["task"]!["parameters"] = new JsonObject { ["note"] = new JsonArray("a\0b"), ["x\0y"] = 1 };
        document["actions"]![0]!["parameters"] = new JsonObject { ["text"] = "\0" };
        var refused = await host.Post("/contracts", document);
        Assert.That(refused.Problem, Is.EqualTo("400 validation"));
        Assert.That(refused.Errors, Is.EquivalentTo(new[] { "task.parameters.note[0]", "task.parameters", "actions[0].parameters.text" }));
        var id = await host.Seed(_ => { });
        Assert.That((await host.Post($"/contracts/{id}/hold", new JsonObject { ["reason"] = "why\0" })).Errors, Is.EqualTo(new[] { "reason" }));
    }

    [Test]
    public async Task Should_say_that_the_database_cannot_be_reached()
    {
        await using var lost = await ApiHost.Run(reachable: false);
        Assert.That((await lost.Get("/contracts")).Problem, Is.EqualTo("503 unavailable"));
        Assert.That((await lost.Post("/contracts", ApiHost.Document())).Problem, Is.EqualTo("503 unavailable"));
    }

    [Test]
    public async Task Should_describe_itself()
    {
        var api = (await host.Get("/openapi/v1.json")).Json;
        Assert.That(api["openapi"]!.GetValue<string>(), Does.StartWith("3.1"));
        var operations = api["paths"]!.AsObject().Where(path => path.Key != "/broken")
            .SelectMany(path => path.Value!.AsObject().Select(operation => (Name: $"{operation.Key} {path.Key}", Node: operation.Value!))).ToList();
        Assert.That(operations, Has.Count.EqualTo(17));
        foreach (var (name, operation) in operations)
        {
            Assert.That(operation["summary"]?.GetValue<string>(), Is.Not.Empty, name);
            foreach (var (status, response) in operation["responses"]!.AsObject().Where(response => int.Parse(response.Key) >= 400))
            {
                Assert.That(response!["content"]?["application/problem+json"]?["schema"]?.ToJsonString(), Does.Contain("Problem"), $"{name} {status}");
            }
        }

        var schemas = api["components"]!["schemas"]!.AsObject();
        var properties = schemas.SelectMany(schema => schema.Value!["properties"]?.AsObject().Select(property => (schema.Key, property)) ?? []).ToList();
        // What may be anything is free on purpose.
        var free = properties.Where(one => one.property.Value!.AsObject().All(field => field.Key == "description")).Select(one => one.property.Key).Distinct();
        Assert.That(free, Is.SubsetOf(new[] { "parameters", "path", "area", "query", "evidence" }));
        Assert.That(schemas["ContractRepresentation"]!["properties"]!["createdAt"]!["format"]!.GetValue<string>(), Is.EqualTo("date-time"));
        Assert.That(schemas["HoldPart"]!["required"]!.ToJsonString(), Is.EqualTo("[\"reason\"]"));
        Assert.That(schemas["OutcomePart"]!["required"]!.ToJsonString(), Does.Contain("\"reason\""));
        Assert.That(api["paths"]!["/contracts"]!["post"]!["parameters"]![0]!["name"]!.GetValue<string>(), Is.EqualTo("Idempotency-Key"));
        Assert.That(schemas["ContractStatus"]!["enum"]!.ToJsonString(), Does.Contain("\"awaitingConnection\""));
        Assert.That(schemas["DurationPart"]!["properties"]!["min"]!["format"]!.GetValue<string>(), Is.EqualTo("duration"));
    }

    [Test]
    public async Task Should_show_its_documentation_without_the_internet()
    {
        var page = await host.Get("/scalar/");
        Assert.That(page.Status, Is.EqualTo(200));
        Assert.That(page.Text, Does.Not.Match("(src|href)=\"(https?:)?//"));
        Assert.That((await host.Get("/scalar/scalar.js")).Status, Is.EqualTo(200));
    }
}
