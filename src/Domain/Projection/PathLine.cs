using System.Text.Json;

namespace ExecutionManager.Domain;

/// <summary>The path of an action, measured in metres.</summary>
internal sealed class PathLine
{
    private readonly string frame;
    private readonly double[][] points;
    private readonly double[] along;

    private PathLine(string frame, double[][] points)
    {
        (this.frame, this.points) = (frame, points);
        along = new double[points.Length];
        for (var at = 1; at < points.Length; at++)
        {
            along[at] = along[at - 1] + Metres.Between(frame, points[at - 1], points[at]);
        }
    }

    /// <summary>Null if the action has no path. A contract's paths have been checked.</summary>
    public static PathLine? Of(PlannedAction action, string frame)
    {
        if (action.Path is not { } path)
        {
            return null;
        }
        var coordinates = path.GetProperty("coordinates");
        return new(frame, coordinates[0].ValueKind == JsonValueKind.Array
            ? [.. coordinates.EnumerateArray().Select(Point)]
            : [Point(coordinates)]);
    }

    public double[] At(double fraction)
    {
        var distance = fraction * along[^1];
        var end = Array.FindIndex(along, reached => reached >= distance);
        if (end <= 0)
        {
            return points[end < 0 ? ^1 : 0];
        }
        var share = (distance - along[end - 1]) / (along[end] - along[end - 1]);
        var ((x, y), (toX, toY)) = ((points[end - 1][0], points[end - 1][1]), (points[end][0], points[end][1]));
        return frame == Frames.Wgs84
            ? [Metres.Longitude(x + share * Metres.Longitude(toX - x)), y + share * (toY - y)]
            : [x + share * (toX - x), y + share * (toY - y)];
    }

    /// <summary>The ends and corners of a part of the path: nothing on it is farther from any place than one of them.</summary>
    public IEnumerable<double[]> Between(double from, double to)
    {
        yield return At(from);
        for (var at = 0; at < points.Length; at++)
        {
            if (along[at] > from * along[^1] && along[at] < to * along[^1])
            {
                yield return points[at];
            }
        }
        yield return At(to);
    }

    private static double[] Point(JsonElement position) => [position[0].GetDouble(), position[1].GetDouble()];
}
