using System.Text.Json;
using NetTopologySuite.Geometries;

namespace ExecutionManager.Neighbours;

/// <summary>
/// Features of GeoJSON files by layer. A layer is the value of a feature's property <c>layer</c>, or the name of a file
/// without its ending for all of that file; <c>map</c> is everything.
/// </summary>
internal sealed class SpatialLayers
{
    private const string Everything = "map";
    private readonly List<(string File, string? Layer, Geometry? Geometry, JsonElement Feature)> _features = [];
    private readonly SortedSet<string> _names = [Everything];

    public IReadOnlyCollection<string> Names => _names;

    /// <summary>Adds the features of one file.</summary>
    /// <exception cref="FormatException">The text is no GeoJSON; the message names the feature.</exception>
    public void Add(string file, string geoJson)
    {
        var place = "the file";
        try
        {
            using var document = JsonDocument.Parse(geoJson);
            var root = document.RootElement.Clone();
            if (root.GetProperty("type").GetString() != "FeatureCollection")
                throw new FormatException("the type is not FeatureCollection");

            _names.Add(file);
            foreach (var (index, feature) in root.GetProperty("features").EnumerateArray().Index())
            {
                place = $"features[{index}]";
                // A feature without a geometry is valid and lies nowhere.
                var geometry = feature.GetProperty("geometry") is { ValueKind: not JsonValueKind.Null } given ? GeoJsonGeometry.Read(given) : null;
                var layer = LayerOf(feature);
                if (layer is not null)
                    _names.Add(layer);
                _features.Add((file, layer, geometry, feature));
            }
        }
        catch (Exception exception) when (GeoJsonGeometry.IsFault(exception))
        {
            throw new FormatException($"{place} is not valid GeoJSON: {exception.Message}", exception);
        }
    }

    /// <summary>The features of <paramref name="layer"/> that touch or overlap <paramref name="box"/>, in file order, as a FeatureCollection.</summary>
    public byte[] Excerpt(string layer, Envelope box)
    {
        var area = new GeometryFactory().ToGeometry(box);
        var found = _features.Where(f => (layer == Everything || f.Layer == layer || f.File == layer) && f.Geometry?.Intersects(area) == true);
        return JsonSerializer.SerializeToUtf8Bytes(new { type = "FeatureCollection", features = found.Select(f => f.Feature) });
    }

    private static string? LayerOf(JsonElement feature) =>
        feature.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object
        && properties.TryGetProperty("layer", out var layer) ? layer.GetString() : null;
}
