using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.World.Tests;

/// <summary>A contract asks Equator for two layers: nothing is pushed before both are here, and what is wrong with one is a failure.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class When_spatial_data_is_fetched
{
    private static readonly Guid Contract = Guid.Parse("0198f0c2-7c1e-7d3a-9a55-000000000001");
    private World world = null!;

    [TearDown]
    public ValueTask End() => world.DisposeAsync();

    [Test]
    public async Task Should_push_only_when_all_is_here_whatever_comes_first_or_twice()
    {
        await Submit();
        var (map, zones) = (World.Provided(Asked("map").Single()), World.Provided(Asked("zones").Single()) with { Content = Base64("zones"), Sha256 = Sha256("zones") });
        foreach (var again in new[] { "", ", again" })
            await world.Publish(zones, $"equator{again} >");
        await world.Run(TimeSpan.FromSeconds(1));
        Assert.That(world.States(Contract), Is.EqualTo("Preparing"), Story);

        foreach (var again in new[] { "", ", again" })
            await world.Publish(map, $"equator{again} >");
        await world.Run(TimeSpan.FromSeconds(1));
        Assert.Multiple(() =>
        {
            Assert.That(world.States(Contract), Is.EqualTo("Preparing AwaitingConnection Pushing Live"), Story);
            Assert.That(Pushed.Data!.Select(item => (item.Name, item.Content, item.Sha256)), Is.EquivalentTo(new[] { ("map", map.Content, map.Sha256), ("zones", zones.Content, zones.Sha256) }));
            Assert.That(Pushed.DataRequests ?? [], Is.Empty);
        });
    }

    [TestCase("is not usable: hashWrong")]
    [TestCase("is not usable: notBase64")]
    [TestCase("is not usable: tooLarge")]
    [TestCase("cannot be had: no such layer")]
    public async Task Should_fail_with_data_that_cannot_be_used_and_ask_for_it_again_on_a_retry(string fault)
    {
        await Submit();
        await world.Publish(World.Provided(Asked("map").Single()), "equator >");
        var large = new string('x', 200 * 1024);
        var zones = World.Provided(Asked("zones").Single());
        await world.Publish(fault.Split(": ")[1] switch
        {
            "hashWrong" => zones with { Sha256 = Sha256("other") },
            "notBase64" => zones with { Content = "no base64!" },
            "tooLarge" => zones with { Content = Base64(large), Sha256 = Sha256(large) },
            var reason => new SpatialDataUnavailable { ContractId = Contract, RequestId = zones.RequestId, Reason = reason },
        }, "equator >");
        await world.Run(TimeSpan.FromSeconds(1));
        var recovery = Recovery;
        Assert.That((recovery.Failure.Kind, recovery.Failure.Detail), Is.EqualTo((FailureKind.DataUnavailable, $"the data 'zones' {fault}")), Story);

        await Retry(recovery);
        await world.Publish(World.Provided(Asked("zones")[1]), "equator >");
        await world.Run(TimeSpan.FromSeconds(1));
        Assert.Multiple(() =>
        {
            Assert.That(world.States(Contract), Is.EqualTo("Preparing Recovering Preparing AwaitingConnection Pushing Live"), Story);
            Assert.That((Asked("map").Count, Asked("zones").Count), Is.EqualTo((1, 2)), "what is here is not asked for again");
        });
    }

    [Test]
    public async Task Should_fail_when_one_layer_is_missing_at_the_deadline_and_ignore_it_when_it_comes_late()
    {
        await Submit();
        await world.Publish(World.Provided(Asked("map").Single()), "equator >");
        await world.Run(TimeSpan.FromSeconds(21));
        await world.Publish(World.Provided(Asked("zones").Single()), "equator, late >");
        await world.Run(TimeSpan.FromSeconds(1));
        Assert.Multiple(() =>
        {
            Assert.That(Recovery.Failure.Kind, Is.EqualTo(FailureKind.DataUnavailable), Story);
            Assert.That(world.States(Contract), Is.EqualTo("Preparing Recovering"), Story);
            Assert.That(world.Said.OfType<PushContract>(), Is.Empty);
        });
    }

    [Test]
    public async Task Should_not_fetch_again_on_a_retry_that_has_all_it_needs()
    {
        await Submit("other");
        foreach (var asked in world.Said.OfType<SpatialDataRequested>().ToList())
            await world.Publish(World.Provided(asked), "equator >");
        await world.Run(TimeSpan.FromSeconds(1));
        Assert.That(Recovery.Failure.Kind, Is.EqualTo(FailureKind.ContractRejected), Story);
        await Retry(Recovery);
        Assert.Multiple(() =>
        {
            Assert.That(world.States(Contract), Is.EqualTo("Preparing AwaitingConnection Pushing Recovering AwaitingConnection Pushing Live"), Story);
            Assert.That(world.Said.OfType<SpatialDataRequested>().Count(), Is.EqualTo(2));
            Assert.That(Pushed.Data!.Select(item => item.Name), Is.EquivalentTo(new[] { "map", "zones" }), "the next revision has it, too");
        });
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Should_fetch_again_on_a_retry_what_the_device_could_not_use(bool failsAgain)
    {
        await Submit("dataInvalid");
        foreach (var asked in world.Said.OfType<SpatialDataRequested>().ToList())
            await world.Publish(World.Provided(asked), "equator >");
        await world.Run(TimeSpan.FromSeconds(1));
        Assert.That((Recovery.Failure.Kind, Pushed.Revision), Is.EqualTo((FailureKind.ContractRejected, (int?)1)), Story);

        await Retry(Recovery);
        Assert.That(world.States(Contract), Does.EndWith("Recovering Preparing"), Story);
        Assert.That((Asked("map").Count, Asked("zones").Count), Is.EqualTo((2, 2)), Story);
        Assert.That(Asked("map")[1].Query.ToString(), Is.EqualTo(Asked("map")[0].Query.ToString()));
        await world.Publish(World.Provided(Asked("map")[0]) with { Content = Base64("old"), Sha256 = Sha256("old") }, "equator, to the older request >");
        if (failsAgain)
        {
            await world.Publish(new SpatialDataUnavailable { ContractId = Contract, RequestId = Asked("zones")[1].RequestId, Reason = "no such layer" }, "equator >");
            await world.Run(TimeSpan.FromSeconds(1));
            await Retry(world.Said.OfType<RecoveryRequested>().Last());
        }
        foreach (var name in new[] { "map", "zones" })
            await world.Publish(World.Provided(Asked(name)[^1]) with { Content = Base64("mended"), Sha256 = Sha256("mended") }, "equator >");
        await world.Run(TimeSpan.FromSeconds(1));
        Assert.Multiple(() =>
        {
            Assert.That(world.States(Contract), Does.EndWith("Preparing AwaitingConnection Pushing Live"), Story);
            Assert.That(Pushed.Revision, Is.EqualTo(2), "a revision once sent is never sent with other content");
            Assert.That(Pushed.Data!.Select(item => (item.Name, item.Content)), Is.EquivalentTo(new[] { ("map", Base64("mended")), ("zones", Base64("mended")) }));
            Assert.That(Pushed.DataRequests ?? [], Is.Empty);
        });
    }

    private string Story => world.Story(new LawBroken("not as expected", ""));
    private RecoveryRequested Recovery => world.Said.OfType<RecoveryRequested>().FirstOrDefault() ?? throw new AssertionException(Story);
    private ContractDocument Pushed => world.Said.OfType<PushContract>().LastOrDefault()?.Contract ?? throw new AssertionException(Story);

    private List<SpatialDataRequested> Asked(string name) => [.. world.Said.OfType<SpatialDataRequested>().Where(asked => asked.Name == name)];

    private async Task Retry(RecoveryRequested recovery)
    {
        await world.Publish(new RecoveryDecided { ContractId = Contract, RecoveryId = recovery.RecoveryId, Strategy = RecoveryStrategy.Retry, MayRepeat = true, Reason = "rule 1" }, "policy >");
        await world.Run(TimeSpan.FromSeconds(1));
    }

    private async Task Submit(string? refusal = null)
    {
        var script = new Simulation.DeviceScript { OnPush = push => refusal is not null && push.Revision == 1 ? Simulation.PushAnswer.Refuse(refusal) : Simulation.PushAnswer.Accept };
        world = await World.Create(new WorldPlan(1) { Devices = 1, IsScripted = true, Script = script }, new Census());
        world.Connect(world.LinkOf("d1"));
        var document = World.Document(Contract, "d1", "T-1", 1, 20, TimeSpan.FromSeconds(60));
        document["dataRequests"] = new JsonArray([.. new[] { "map", "zones" }.Select(name =>
            (JsonNode)new JsonObject { ["name"] = name, ["source"] = "equator", ["query"] = new JsonObject { ["bbox"] = new JsonArray(0, 0, 40, 30) } })]);
        await world.Submit(JsonSerializer.SerializeToElement(document));
        await world.Run(TimeSpan.FromSeconds(1));
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
    private static string Sha256(string text) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
