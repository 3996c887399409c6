using System.Security.Cryptography;
using System.Text.Json;

namespace ExecutionManager.Neighbours.Tests;

public sealed class When_spatial_data_is_requested
{
    private static readonly Equator Equator = new(Layers(), new(Fault.None, default));

    [Test]
    public async Task Should_provide_it_on_the_bus_with_the_hash_of_the_decoded_bytes()
    {
        await using var neighbours = await Neighbourhood.Start();
        var request = Requests.Data();

        var provided = await neighbours.Ask<SpatialDataProvided>(request);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((provided.ContractId, provided.RequestId), Is.EqualTo((request.ContractId, request.RequestId)));
            Assert.That(provided.MediaType, Is.EqualTo("application/geo+json"));
            Assert.That(provided.Sha256, Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(Convert.FromBase64String(provided.Content)))));
            Assert.That(Ids(provided), Is.EqualTo(["walkway", "battery-room"]));
        }
    }

    [TestCase("zones", "[0,0,10,25]", "walkway", Description = "the edge counts")]
    [TestCase("zones", "[0,0,10,24.9]", "")]
    [TestCase("map", "[18,0,19,2]", "floor,aisle-1,dock-b", Description = "map is every layer")]
    [TestCase("hall-3", "[18,0,19,2]", "floor,aisle-1,dock-b", Description = "a file's name is all of it")]
    [TestCase("aisles", "[10,3,30,16]", "aisle-2")]
    [TestCase("stations", "[35,16.5,37,17.5]", "", Description = "geometries count, not their boxes")]
    [TestCase("stations", "[36,16,36,16]", "chargers")]
    public void Should_take_the_features_that_intersect_the_box(string name, string bbox, string expected) =>
        Assert.That(string.Join(",", Ids((SpatialDataProvided)Equator.Answer(Requests.Data(name, $$"""{"bbox":{{bbox}}}"""), Requests.Now))), Is.EqualTo(expected));

    [Test]
    public void Should_keep_a_feature_as_it_is_in_the_file()
    {
        var provided = (SpatialDataProvided)Equator.Answer(Requests.Data("zones", """{"bbox":[0,25,1,26]}"""), Requests.Now);

        Assert.That(Features(provided).Single().GetProperty("properties").GetRawText(), Is.EqualTo("""{"layer":"zones","kind":"people","maxSpeed":0.3}"""));
    }

    [Test]
    public void Should_name_the_layers_there_are_when_it_has_not_the_one() =>
        Assert.That(Equator.Answer(Requests.Data("trees"), Requests.Now),
            Has.Property("Reason").EqualTo("no layer 'trees'; there are: aisles, floor, hall-3, map, racks, stations, zones"));

    [TestCase(null)]
    [TestCase("{}")]
    [TestCase("[0,0,1,1]")]
    [TestCase("""{"bbox":"0,0,1,1"}""")]
    [TestCase("""{"bbox":[0,0,1]}""")]
    [TestCase("""{"bbox":[0,0,1,"1"]}""")]
    [TestCase("""{"bbox":[2,0,1,1]}""")]
    public void Should_say_what_a_query_needs(string? query) =>
        Assert.That(Equator.Answer(Requests.Data(query: query), Requests.Now), Is.TypeOf<SpatialDataUnavailable>().With.Property("Reason").Contains("bbox"));

    [TestCase("""{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null},{"type":"Feature","geometry":{"type":"Cube"}}]}""", "features[1]")]
    [TestCase("""{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[0,0],[1,1]]]}}]}""", "features[0]")]
    [TestCase("""{"type":"Feature"}""", "the file")]
    [TestCase("{", "the file")]
    public void Should_refuse_a_file_that_is_no_GeoJSON(string text, string place) =>
        Assert.That(() => new SpatialLayers().Add("x", text), Throws.InstanceOf<FormatException>().With.Message.StartsWith(place));

    private static SpatialLayers Layers() => new NeighbourSettings(Neighbourhood.Configuration(), "Equator").Layers("Files");

    private static IEnumerable<string?> Ids(SpatialDataProvided provided) => Features(provided).Select(feature => feature.GetProperty("id").GetString());

    private static IEnumerable<JsonElement> Features(SpatialDataProvided provided) =>
        JsonElement.Parse(Convert.FromBase64String(provided.Content)).GetProperty("features").EnumerateArray();
}
