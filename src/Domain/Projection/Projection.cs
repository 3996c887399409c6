namespace ExecutionManager.Domain;

/// <summary>Estimates how far a device is while nobody hears from it.</summary>
public static class Projection
{
    /// <summary>Below this no action is named.</summary>
    public const double MinProbability = 0.5;

    /// <summary>
    /// What may be said for an instant; an instant before the evidence counts as the evidence's. Never says that the
    /// contract is finished, and names a current action only if it is likely enough.
    /// </summary>
    /// <param name="basis">What it is made from.</param>
    /// <param name="now">The instant.</param>
    /// <param name="minProbability">From which probability on an action is named; 0 to 1.</param>
    public static Estimate At(ProjectionBasis basis, DateTimeOffset now, double minProbability = MinProbability) =>
        new Forecast(new Envelope(basis), now, minProbability).Estimate();
}
