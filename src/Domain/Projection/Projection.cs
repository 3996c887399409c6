namespace ExecutionManager.Domain;

/// <summary>Estimates how far a device is while nobody hears from it.</summary>
public static class Projection
{
    /// <summary>
    /// What may be said for an instant; an instant before the evidence counts as the evidence's. Never says that the
    /// contract is finished, and names a current action only if no other is possible.
    /// </summary>
    public static Estimate At(ProjectionBasis basis, DateTimeOffset now) => throw new NotImplementedException();
}
