using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Simulation;

namespace ExecutionManager.World.Tests;

/// <summary>Equator and the Planner: several requests, answers twice or late, and a device that is away when they come.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class When_neighbours_answer
{
    private static readonly Guid Contract = Guid.Parse("0198f0c2-7c1e-7d3a-9a55-000000000001");
    private World world = null!;

    [TearDown]
    public ValueTask End() => world.DisposeAsync();

    [Test]
    public async Task Should_ask_again_on_a_retry_only_for_the_data_that_is_missing()
    {
        world = await World.Create(new WorldPlan(1) { Devices = 1, IsScripted = true }, new Census());
        world.Connect(world.LinkOf("d1"));
        var document = World.Document(Contract, "d1", "T-1", 1, 20, TimeSpan.FromSeconds(60));
        document["dataRequests"] = new JsonArray([.. new[] { "map", "zones" }.Select(name =>
            (JsonNode)new JsonObject { ["name"] = name, ["source"] = "equator", ["query"] = new JsonObject { ["bbox"] = new JsonArray(0, 0, 40, 30) } })]);
        await world.Submit(JsonSerializer.SerializeToElement(document));
        await world.Run(TimeSpan.FromSeconds(1));
        var (map, zones) = (Asked("map").Single(), Asked("zones").Single());
        await world.Publish(World.Provided(map), "equator >");
        await world.Publish(World.Provided(map), "equator, again >");
        await world.Publish(new SpatialDataUnavailable { ContractId = Contract, RequestId = zones.RequestId, Reason = "no such layer" }, "equator >");
        await world.Run(TimeSpan.FromSeconds(1));
        var recovery = world.Said.OfType<RecoveryRequested>().Single();
        await world.Publish(World.Provided(zones), "equator, late >");
        await world.Publish(new RecoveryDecided { ContractId = Contract, RecoveryId = recovery.RecoveryId, Strategy = RecoveryStrategy.Retry, Reason = "rule 1" }, "policy >");
        await world.Run(TimeSpan.FromSeconds(1));
        Assert.Multiple(() =>
        {
            Assert.That(recovery.Failure.Detail, Does.Contain("zones").And.Contain("no such layer"));
            Assert.That(Asked("map").Count(), Is.EqualTo(1), Story);
            Assert.That(Asked("zones").Count(), Is.EqualTo(2), Story);
        });

        await world.Publish(World.Provided(Asked("zones").Last()), "equator >");
        await world.Run(TimeSpan.FromMinutes(2));
        Assert.That(world.States(Contract), Is.EqualTo("Preparing Recovering Preparing AwaitingConnection Pushing Live Completed"), Story);
    }

    [Test]
    public async Task Should_push_the_revised_plan_at_the_return_when_the_device_is_away_again()
    {
        world = await World.Create(
            new WorldPlan(1)
            {
                Devices = 1, IsScripted = true,
                Script = new DeviceScript { OnAction = action => action.ActionId == "a1" ? new ActionBehaviour { Skip = true } : ActionBehaviour.AsPlanned },
            },
            new Census());
        var link = world.LinkOf("d1");
        world.Connect(link);
        await world.Run(TimeSpan.FromSeconds(1));
        await world.Submit(JsonSerializer.SerializeToElement(World.Document(Contract, "d1", "T-1", 6, 20, TimeSpan.FromSeconds(120))));
        await world.Run(TimeSpan.FromSeconds(5));
        world.Disconnect(link, clean: false);
        await world.Run(TimeSpan.FromSeconds(5));
        world.Connect(link);
        await world.Run(TimeSpan.FromSeconds(5));
        var replan = world.Said.OfType<ReplanRequested>().Single();
        world.Disconnect(link, clean: false);
        await world.Run(TimeSpan.FromSeconds(5));
        await world.Publish(new PlanRevised { ContractId = Contract, ReplanId = Contract, Actions = [] }, "planner, to an older request >");
        await world.Publish(new PlanRevised { ContractId = Contract, ReplanId = replan.ReplanId, Actions = [.. replan.RemainingActions.Skip(1)] }, "planner >");
        await world.Run(TimeSpan.FromSeconds(5));
        Assert.That(world.States(Contract), Does.EndWith("Projected Reconciled Projected"), Story);
        Assert.That(world.Row(Contract).Revision, Is.EqualTo(2), "kept for the return");
        world.Connect(link);
        await world.Run(TimeSpan.FromMinutes(4));
        Assert.Multiple(() =>
        {
            Assert.That(world.States(Contract), Does.Contain("Projected Reconciled Projected Reconciled").And.EndsWith("Completed"), Story);
            Assert.That(world.Row(Contract).AcceptedRevision, Is.EqualTo(2), Story);
        });
    }

    private string Story => world.Story(new LawBroken("not as expected", ""));

    private IEnumerable<SpatialDataRequested> Asked(string name) => world.Said.OfType<SpatialDataRequested>().Where(asked => asked.Name == name);
}
