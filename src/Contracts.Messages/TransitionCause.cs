namespace ExecutionManager.Contracts.Messages;

/// <summary>Why a contract changed, in its history and on the bus.</summary>
[JsonConverter(typeof(WireConverter))]
public enum TransitionCause
{
    /// <summary>The contract was submitted.</summary>
    Submitted,

    /// <summary>All requested data is here.</summary>
    DataComplete,

    /// <summary>Connectivity to the device was confirmed.</summary>
    ConnectionConfirmed,

    /// <summary>The connection was lost for longer than the grace.</summary>
    ConnectionLost,

    /// <summary>There is evidence that the device accepted the contract.</summary>
    Accepted,

    /// <summary>The journal is contiguous through its tail and a snapshot is here.</summary>
    ActualsComplete,

    /// <summary>The reconciliation asks for no replan.</summary>
    NothingToReplan,

    /// <summary>The Planner keeps the plan.</summary>
    PlanKept,

    /// <summary>The device accepted a new revision.</summary>
    RevisionAccepted,

    /// <summary>The device completed the plan.</summary>
    Completed,

    /// <summary>A failure was detected; the evidence names it.</summary>
    Failure,

    /// <summary>A recovery decision is carried out; the evidence names the strategy.</summary>
    Decided,

    /// <summary>A failure concluded from silence was withdrawn.</summary>
    Withdrawn,

    /// <summary>A hold was requested.</summary>
    HoldRequested,

    /// <summary>A resume was requested.</summary>
    Resumed,

    /// <summary>The hold's end was reached.</summary>
    HoldEnded,

    /// <summary>A cancellation was requested.</summary>
    CancelRequested,

    /// <summary>The device is known to stand still.</summary>
    StoppedStill,

    /// <summary>An operator attested what happened.</summary>
    Attested,

    /// <summary>No usable decision came, so the fallback applies.</summary>
    Fallback,

    /// <summary>Evidence came after the contract had ended or its range was given up.</summary>
    LateEvidence,

    /// <summary>Another device was found to have executed the task as well.</summary>
    DuplicateExecution,

    /// <summary>Journal entries were applied; history only, without a change of state.</summary>
    JournalApplied,
}
