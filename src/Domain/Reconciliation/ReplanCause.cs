namespace ExecutionManager.Domain;

/// <summary>Why a Planner is to be asked.</summary>
public enum ReplanCause
{
    /// <summary>Actuals are too far from the plan, or it cannot be told how far.</summary>
    Divergence,

    /// <summary>It will rather not be done before its window ends.</summary>
    WindowAtRisk,
}
