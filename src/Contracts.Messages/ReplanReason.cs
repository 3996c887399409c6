namespace ExecutionManager.Contracts.Messages;

/// <summary>Why a new plan is asked for.</summary>
[JsonConverter(typeof(WireConverter))]
public enum ReplanReason
{
    /// <summary>Divergence is major or undetermined.</summary>
    Divergence,

    /// <summary>The window is unlikely to be met.</summary>
    WindowAtRisk,

    /// <summary>The device refused a revision made from an older actual state.</summary>
    Outdated,

    /// <summary>A predecessor on another device turned out to have done part of the task.</summary>
    LateEvidence,
}
