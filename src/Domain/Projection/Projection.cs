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

    /// <summary>
    /// The probability of being done before the window ends, if the device is given leave and goes on now; null if the
    /// window has no end, it has ended or failed, or nothing can be told.
    /// </summary>
    /// <param name="basis">What it is made from.</param>
    /// <param name="now">When a device that is paused goes on.</param>
    public static double? InTime(ProjectionBasis basis, DateTimeOffset now)
    {
        var execution = basis.Execution;
        if (basis.Plan.Scope.NotAfter is not { } end || execution.IsEnded)
        {
            return null;
        }
        var going = basis with { LeaseEnd = null };
        going = execution.Status == ExecutionStatus.Paused
            ? going with { Execution = execution with { Status = ExecutionStatus.Executing }, EvidenceAt = Instants.Max(now, basis.EvidenceAt) }
            : going;
        var envelope = new Envelope(going);
        return envelope is { HasDistribution: true, Stands: false } ? new Forecast(envelope, end, MinProbability).Finished : null;
    }
}
