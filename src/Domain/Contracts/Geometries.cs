using System.Text.Json;
using NetTopologySuite;
using NetTopologySuite.Geometries;
using NetTopologySuite.Geometries.Prepared;
using NetTopologySuite.Operation.Valid;

namespace ExecutionManager.Domain;

/// <summary>Reads GeoJSON as far as contracts use it, and says what is wrong with it.</summary>
internal static class Geometries
{
    private const double MaxMetres = 1e7;
    private static readonly GeometryFactory Factory = NtsGeometryServices.Instance.CreateGeometryFactory();

    public static (Geometry? Geometry, string? Reason) ReadArea(JsonElement json, string frame) =>
        Read(json, frame, "Polygon", "MultiPolygon");

    public static (Geometry? Geometry, string? Reason) ReadPath(JsonElement json, string frame) =>
        Read(json, frame, "LineString", "Point");

    /// <summary>Answers whether a path, or a point, lies in the area, its border included.</summary>
    public static Func<Geometry, bool> Inside(Geometry area) => PreparedGeometryFactory.Prepare(area).Covers;

    public static Point Point(double x, double y) => Factory.CreatePoint(new Coordinate(x, y));

    private static (Geometry?, string?) Read(JsonElement json, string frame, params string[] types)
    {
        try
        {
            var type = ((JsonElement?)json).Text("type");
            if (type is null || !types.Contains(type))
            {
                return (null, $"must be a GeoJSON {string.Join(" or ", types)}");
            }
            if (!json.TryGetProperty("coordinates", out var coordinates))
            {
                return (null, "has no coordinates");
            }
            var geometry = Build(type, coordinates, frame);
            var fault = new IsValidOp(geometry).ValidationError;
            return fault is null
                ? (geometry, null)
                : (null, $"is not a valid geometry: {fault.Message.ToLowerInvariant()} at {fault.Coordinate?.X:R}, {fault.Coordinate?.Y:R}");
        }
        catch (FormatException fault)
        {
            return (null, fault.Message);
        }
        catch (ArgumentException)
        {
            // NetTopologySuite refuses open rings and lines that are too short by throwing.
            return (null, "is not a valid geometry: a ring needs four positions and ends where it began, a line needs two");
        }
    }

    private static Geometry Build(string type, JsonElement coordinates, string frame) => type switch
    {
        "Point" => Factory.CreatePoint(Position(coordinates, frame)),
        "LineString" => Factory.CreateLineString(Positions(coordinates, frame)),
        "Polygon" => Polygon(coordinates, frame),
        _ => Factory.CreateMultiPolygon([.. Items(coordinates).Select(polygon => Polygon(polygon, frame))]),
    };

    private static Polygon Polygon(JsonElement rings, string frame)
    {
        LinearRing[] all = [.. Items(rings).Select(ring => Factory.CreateLinearRing(Positions(ring, frame)))];
        return Factory.CreatePolygon(all[0], all[1..]);
    }

    private static Coordinate[] Positions(JsonElement positions, string frame) =>
        [.. Items(positions).Select(position => Position(position, frame))];

    private static Coordinate Position(JsonElement position, string frame)
    {
        double[] values = [.. Items(position).Select(Number)];
        if (values.Length is < 2 or > 4)
        {
            throw new FormatException("has a position that is not two numbers (a third, the height, may follow)");
        }
        var (x, y) = (values[0], values[1]);
        if (frame == Frames.Wgs84 && (Math.Abs(x) > 180 || Math.Abs(y) > 90))
        {
            throw new FormatException("has a position outside longitude -180..180, latitude -90..90");
        }
        if (!(Math.Abs(x) <= MaxMetres && Math.Abs(y) <= MaxMetres))
        {
            throw new FormatException("has a position out of range");
        }
        return new Coordinate(x, y);
    }

    private static IEnumerable<JsonElement> Items(JsonElement array) =>
        array.ValueKind == JsonValueKind.Array && array.GetArrayLength() > 0
            ? array.EnumerateArray()
            : throw new FormatException("has coordinates of the wrong form");

    private static double Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
            ? number
            : throw new FormatException("has a coordinate that is not a number");
}
