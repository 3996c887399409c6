using System.Text.Json.Nodes;

namespace ExecutionManager.Journeys.Tests;

[TestFixture, CancelAfter(10_000)]
public class When_contracts_are_listed
{
    private ApiHost host = null!;

    [OneTimeSetUp]
    public async Task Run() => host = await ApiHost.Run();

    [OneTimeTearDown]
    public async Task End() => await host.DisposeAsync();

    private static List<Guid> Ids(JsonNode page) => [.. page["items"]!.AsArray().Select(item => item!["contractId"]!.GetValue<Guid>())];

    private async Task<Guid> Seed(string device, string state = "Live")
    {
        host.Clock.Now = host.Clock.Now.AddSeconds(1);
        return await host.Seed(saga => saga.CurrentState = state, document: ApiHost.Document(deviceId: device));
    }

    [Test]
    public async Task Should_come_newest_first_in_pages_that_new_ones_do_not_move()
    {
        List<Guid> seeded = [];
        for (var i = 0; i < 4; i++)
        {
            seeded.Insert(0, await Seed("pages"));
        }

        // A tie: of one instant the ids decide, and none is shown twice or left out.
        seeded.Insert(0, await host.Seed(_ => { }, document: ApiHost.Document(deviceId: "pages")));
        List<Guid> seen = [];
        string? cursor = "";
        for (var page = 0; cursor is not null; page++)
        {
            var json = (await host.Get($"/contracts?device=pages&limit=1&cursor={cursor}")).Json;
            seen.AddRange(Ids(json));
            cursor = json["nextCursor"]?.GetValue<string>();
            await Seed("pages");
            Assert.That(page, Is.LessThan(9));
        }

        Assert.That(seen, Is.EquivalentTo(seeded));
        Assert.That(seen[2..], Is.EqualTo(seeded[2..]));
    }

    [Test]
    public async Task Should_show_what_has_not_started_as_preparing()
    {
        var (initial, preparing, live) = (await Seed("start", "Initial"), await Seed("start", "Preparing"), await Seed("start"));
        Assert.That(Ids((await host.Get("/contracts?device=start&status=preparing")).Json), Is.EqualTo(new[] { preparing, initial }));
        Assert.That(Ids((await host.Get("/contracts?device=start&status=live,held&status=preparing")).Json), Is.EqualTo(new[] { live, preparing, initial }));
        var shown = (await host.Get($"/contracts/{initial}")).Json;
        Assert.That((shown["status"]!.GetValue<string>(), shown["version"]!.GetValue<int>()), Is.EqualTo(("preparing", 0)));
    }

    [TestCase("status=")]
    [TestCase("status=&device=filters&task=&limit=&cursor=")]
    public async Task Should_take_an_empty_filter_for_none(string query)
    {
        var id = await Seed("filters");
        Assert.That(Ids((await host.Get($"/contracts?{query}")).Json), Does.Contain(id));
    }

    [Test]
    public async Task Should_be_found_by_task()
    {
        var id = await host.Seed(_ => { }, document: ApiHost.Document("T-found"));
        Assert.That(Ids((await host.Get("/contracts?task=T-found")).Json), Is.EqualTo(new[] { id }));
    }

    [TestCase("device=a%00b", "400 validation")]
    [TestCase("limit=0", "400 validation")]
    [TestCase("limit=201", "400 validation")]
    [TestCase("limit=many", "400 validation")]
    [TestCase("status=live,lively", "400 unknown-status")]
    [TestCase("status=Live", "400 unknown-status")]
    [TestCase("cursor=nonsense", "400 bad-cursor")]
    [TestCase("cursor=ZGV2aWNlcyBh", "400 bad-cursor")] // of another list
    public async Task Should_refuse_a_question_that_makes_no_sense(string query, string problem) =>
        Assert.That((await host.Get($"/contracts?{query}")).Problem, Is.EqualTo(problem));

    [Test]
    public async Task Should_name_every_invalid_parameter() =>
        Assert.That((await host.Get($"/contracts?limit=0&device={new string('d', 300)}")).Errors, Is.EquivalentTo(new[] { "limit", "device" }));
}
