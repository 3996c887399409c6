namespace ExecutionManager.Domain;

/// <summary>Distances in metres, whatever the frame.</summary>
internal static class Metres
{
    // WGS 84.
    private const double SemiMajor = 6_378_137;
    private const double EccentricitySquared = 6.69437999014e-3;

    /// <summary>Between two positions: on a local map as it is, on wgs84 in the plane that touches the ellipsoid between them.</summary>
    public static double Between(string frame, IReadOnlyList<double> one, IReadOnlyList<double> other)
    {
        var (dx, dy) = (other[0] - one[0], other[1] - one[1]);
        if (frame == Frames.Wgs84)
        {
            var latitude = double.DegreesToRadians((one[1] + other[1]) / 2);
            var flattened = 1 - EccentricitySquared * Math.Sin(latitude) * Math.Sin(latitude);
            var normal = SemiMajor / Math.Sqrt(flattened);
            dx = double.DegreesToRadians(Longitude(dx)) * normal * Math.Cos(latitude);
            dy = double.DegreesToRadians(dy) * normal * (1 - EccentricitySquared) / flattened;
        }
        return Math.Sqrt(dx * dx + dy * dy);
    }

    /// <summary>Degrees within -180 and 180: the way across the date line is the short one.</summary>
    public static double Longitude(double degrees) => degrees - 360 * Math.Round(degrees / 360);
}
