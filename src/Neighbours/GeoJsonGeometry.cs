using System.Text.Json;
using NetTopologySuite.Geometries;

namespace ExecutionManager.Neighbours;

/// <summary>Reads GeoJSON geometries. What is no geometry throws one of the exceptions in <see cref="IsFault"/>.</summary>
internal static class GeoJsonGeometry
{
    private static readonly GeometryFactory Factory = new();

    public static Geometry Read(JsonElement geometry)
    {
        var type = geometry.GetProperty("type").GetString();
        if (type == "GeometryCollection")
            return Factory.CreateGeometryCollection(Each(geometry.GetProperty("geometries"), Read));

        var coordinates = geometry.GetProperty("coordinates");
        return type switch
        {
            "Point" => Factory.CreatePoint(Position(coordinates)),
            "MultiPoint" => Factory.CreateMultiPointFromCoords(Each(coordinates, Position)),
            "LineString" => Line(coordinates),
            "MultiLineString" => Factory.CreateMultiLineString(Each(coordinates, Line)),
            "Polygon" => Polygon(coordinates),
            "MultiPolygon" => Factory.CreateMultiPolygon(Each(coordinates, Polygon)),
            _ => throw new FormatException($"'{type}' is not a geometry type"),
        };
    }

    public static bool IsFault(Exception exception) =>
        exception is FormatException or ArgumentException or InvalidOperationException or KeyNotFoundException or JsonException;

    private static LineString Line(JsonElement positions) => Factory.CreateLineString(Each(positions, Position));

    private static Polygon Polygon(JsonElement rings)
    {
        var linear = Each(rings, ring => Factory.CreateLinearRing(Each(ring, Position)));
        return linear is [] ? Factory.CreatePolygon() : Factory.CreatePolygon(linear[0], linear[1..]);
    }

    private static Coordinate Position(JsonElement position) => position.GetArrayLength() < 2
        ? throw new FormatException("a position needs two numbers")
        : new Coordinate(position[0].GetDouble(), position[1].GetDouble());

    private static T[] Each<T>(JsonElement array, Func<JsonElement, T> read) => [.. array.EnumerateArray().Select(read)];
}
