namespace ExecutionManager.Domain;

/// <summary>How much divergence needs no new plan.</summary>
/// <param name="Schedule">By how much an end may lie outside the projected band; default 30 s.</param>
/// <param name="Position">Metres beyond the projected region; default 5.</param>
/// <param name="MinFitness">The least fitness of the flow, 0 to 1; default 1.</param>
public sealed record Tolerance(TimeSpan Schedule, double Position, double MinFitness)
{
    /// <summary>What a contract that says nothing tolerates.</summary>
    public static Tolerance Default { get; } = new(TimeSpan.FromSeconds(30), 5, 1);
}
