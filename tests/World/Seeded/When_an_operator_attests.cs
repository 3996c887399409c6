using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Sagas;

namespace ExecutionManager.World.Tests;

/// <summary>An operator's word stands for the device's until the device speaks, and is judged like it.</summary>
public class When_an_operator_attests
{
    private static readonly Guid Contract = Guid.Parse("0198f0c2-7c1e-7d3a-9a55-000000000001");

    [TestCase(10, 1, ExpectedResult = 0)]
    [TestCase(10, 25, ExpectedResult = 1)]
    public async Task<double?> Should_have_the_attested_position_compared_with_the_projected_one(double x, double y)
    {
        await using var world = await World.Create(new WorldPlan(1) { Devices = 1, IsScripted = true }, new Census());
        world.Connect(world.LinkOf("d1"));
        var document = World.Document(Contract, "d1", "T-1", 1, 20, TimeSpan.FromMinutes(2));
        document["actions"]![0]!["path"] = new JsonObject { ["type"] = "LineString", ["coordinates"] = new JsonArray(new JsonArray(2.0, 1.0), new JsonArray(18.0, 1.0)) };
        await world.Submit(JsonSerializer.SerializeToElement(document));
        await world.Run(TimeSpan.FromSeconds(5));
        world.Disconnect(world.LinkOf("d1"), clean: false);
        await world.Run(TimeSpan.FromSeconds(10));
        await world.Publish(
            new ActualsAttested(Contract, world.Now, null, new Dictionary<string, SnapshotAction> { ["a1"] = new() { Status = ActionStatus.Running, Progress = 0.5 } }, [x, y], "I stand beside it", "an operator"),
            "operator >");
        await world.Run(TimeSpan.FromSeconds(1));

        Assert.That(world.States(Contract), Does.EndWith("Projected Reconciled Projected"), world.Story(new LawBroken("attested", "")));
        return world.Row(Contract).Open.Divergence!.Space.Value;
    }
}
