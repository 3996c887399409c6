using System.Text.Json;

namespace ExecutionManager.Neighbours.Tests;

public sealed class When_the_examples_are_read
{
    [TestCase("contract.json")]
    [TestCase("contract-with-map.json")]
    public void Should_be_a_contract_of_three_short_actions(string file)
    {
        var contract = JsonSerializer.Deserialize<ContractDocument>(Example(file), WireJson.Options)!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(contract.Actions, Has.Count.EqualTo(3));
            Assert.That(contract.Actions!.Select(a => a.ActionType).Distinct(), Is.SubsetOf(contract.Scope!.ActionTypes!));
            foreach (var duration in contract.Actions!.Select(a => a.Duration!))
                Assert.That(new[] { Requests.Seconds(5), duration.Min!.Value, duration.Mode!.Value, duration.Max!.Value, Requests.Seconds(20) }, Is.Ordered);
        }
    }

    [Test]
    public void Should_ask_for_a_map_that_the_Equator_has()
    {
        var contract = JsonSerializer.Deserialize<ContractDocument>(Example("contract-with-map.json"), WireJson.Options)!;
        var asked = contract.DataRequests!.Single();
        var settings = new NeighbourSettings(Neighbourhood.Configuration(("Neighbours:Equator:Files:0", PathOf("hall-3.geojson"))), "Equator");
        var equator = new Equator(settings.Layers("Files"), settings.Conduct());

        settings.Check();
        Assert.That(equator.Answer(Requests.Data(asked.Name!, asked.Query!.Value.GetRawText()), Requests.Now), Is.TypeOf<SpatialDataProvided>());
    }

    private static string Example(string file) => File.ReadAllText(PathOf(file));

    private static string PathOf(string file) => Path.Combine(TestContext.CurrentContext.TestDirectory, "examples", file);
}
