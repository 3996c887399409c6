using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace ExecutionManager.Journeys.Tests;

[TestFixture, CancelAfter(10_000)]
public class When_a_contract_is_submitted
{
    private ApiHost host = null!;

    [OneTimeSetUp]
    public async Task Run() => host = await ApiHost.Run();

    [OneTimeTearDown]
    public async Task End() => await host.DisposeAsync();

    [Test]
    public async Task Should_be_found_at_once_and_start()
    {
        var created = await host.Post("/contracts", ApiHost.Document());
        var location = created.Headers.Location!.ToString();
        Assert.Multiple(() =>
        {
            Assert.That(created.Status, Is.EqualTo(201), created.Text);
            Assert.That(location, Is.EqualTo($"/contracts/{created.Json["contractId"]}"));
            Assert.That(created.Headers.ETag!.IsWeak, Is.True);
            Assert.That(created.Json["plan"]!.AsArray(), Has.Count.EqualTo(2));
        });
        Assert.That((await host.Get(location)).Status, Is.EqualTo(200));
        var started = await host.Until(location, contract => contract["status"]!.GetValue<string>() == "awaitingConnection");
        Assert.That(started["version"]!.GetValue<int>(), Is.EqualTo(1));
    }

    [Test]
    public async Task Should_say_every_fault_at_once()
    {
        var document = ApiHost.Document();
        document["deviceId"] = "no spaces";
        document["actions"]![0]!["duration"]!["min"] = "PT5M";
        document["actions"]![1]!["actionType"] = "fly";
        document["revision"] = 3;
        document.Remove("task");
        var refused = await host.Post("/contracts", document);
        Assert.That(refused.Problem, Is.EqualTo("400 validation"));
        Assert.That(refused.Errors, Is.EquivalentTo(new[] { "deviceId", "actions[0].duration.min", "actions[1].actionType", "revision", "task" }));
    }

    [TestCase("{ \"deviceId\": ", "application/json", "400 malformed")]
    [TestCase("", "application/json", "400 malformed")]
    [TestCase("{ \"deviceId\": \"agv-1\", \"deviceId\": \"agv-2\" }", "application/json", "400 malformed")]
    [TestCase("[]", "application/json", "400 validation")]
    [TestCase("{}", "text/plain", "415 unsupported-media-type")]
    [TestCase("{}", "application/json; charset=utf-16", "415 unsupported-media-type")]
    [TestCase("{}", null, "415 unsupported-media-type")]
    public async Task Should_refuse_what_it_cannot_read(string body, string? type, string problem)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        Assert.That((await host.Send(HttpMethod.Post, "/contracts", content)).Problem, Is.EqualTo(problem));
    }

    [Test]
    public async Task Should_refuse_more_than_256_KiB_whether_or_not_the_length_is_told([Values] bool chunked)
    {
        var content = new StringContent(ApiHost.Document().ToJsonString() + new string(' ', 262_144), Encoding.UTF8, "application/json");
        content.Headers.ContentLength = chunked ? null : content.Headers.ContentLength;
        Assert.That((await host.Send(HttpMethod.Post, "/contracts", content)).Problem, Is.EqualTo("413 too-large"));
    }

    [Test]
    public async Task Should_know_the_same_document_under_its_id_and_refuse_another()
    {
        var (document, id) = (ApiHost.Document(), Guid.NewGuid());
        document["contractId"] = id;
        Assert.That((await host.Post("/contracts", document)).Status, Is.EqualTo(201));
        document["task"]!["parameters"] = new JsonObject(); // the default, spelled out
        Assert.That((await host.Post("/contracts", document)).Status, Is.EqualTo(200));
        document["task"]!["priority"] = 6;
        var refused = await host.Post("/contracts", document);
        Assert.That(refused.Problem, Is.EqualTo("409 contract-exists"));
        Assert.That(refused.Json["contractId"]!.GetValue<Guid>(), Is.EqualTo(id));
        document["actions"] = new JsonArray();
        Assert.That((await host.Post("/contracts", document)).Problem, Is.EqualTo("409 contract-exists"), "another, whatever it is");
        document["actions"] = "none";
        Assert.That((await host.Post("/contracts", document)).Problem, Is.EqualTo("400 validation"), "what cannot be read cannot be compared");
    }

    [Test]
    public async Task Should_be_replayed_under_its_key_and_refuse_another_document()
    {
        var (document, key) = (ApiHost.Document(), ("Idempotency-Key", $"key {Guid.NewGuid()}"));
        var first = await host.Post("/contracts", document, key);
        var second = await host.Post("/contracts", document, key);
        Assert.Multiple(() =>
        {
            Assert.That((first.Status, second.Status), Is.EqualTo((201, 201)));
            Assert.That(second.Headers.Location, Is.EqualTo(first.Headers.Location));
            Assert.That(first.Headers.Contains("Idempotent-Replayed"), Is.False);
            Assert.That(second.Headers.GetValues("Idempotent-Replayed"), Is.EqualTo(new[] { "true" }));
        });
        document["frame"] = "hall-4";
        Assert.That((await host.Post("/contracts", document, key)).Problem, Is.EqualTo("409 idempotency-conflict"));
    }

    [Test]
    public async Task Should_refuse_an_impossible_key_with_the_other_faults([Values(0, 256)] int length)
    {
        var document = ApiHost.Document();
        document.Remove("scope");
        var refused = await host.Post("/contracts", document, ("Idempotency-Key", new string('k', length)));
        Assert.That(refused.Problem, Is.EqualTo("400 validation"));
        Assert.That(refused.Errors, Is.EquivalentTo(new[] { "Idempotency-Key", "scope" }));
    }

    [Test]
    public async Task Should_be_one_for_a_task_however_many_ask_at_once()
    {
        var task = $"T-{Guid.NewGuid():N}";
        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.Post("/contracts", ApiHost.Document(task))));
        var created = replies.Single(reply => reply.Status == 201).Json["contractId"]!.GetValue<Guid>();
        var refused = replies.Where(reply => reply.Status != 201).ToList();
        Assert.That(refused.Select(reply => reply.Problem), Has.Exactly(19).EqualTo("409 task-already-assigned"));
        Assert.That(refused.Select(reply => reply.Json["contractId"]!.GetValue<Guid>()), Has.All.EqualTo(created));
    }
}
