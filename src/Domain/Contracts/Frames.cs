namespace ExecutionManager.Domain;

/// <summary>Frames of coordinates.</summary>
public static class Frames
{
    /// <summary>Longitude and latitude in degrees; every other frame is a local map in metres.</summary>
    public const string Wgs84 = "wgs84";
}
