namespace ExecutionManager.Sagas;

/// <summary>What the facts of one message come to; the state decides which of them counts, and in which order.</summary>
[Flags]
public enum Verdict
{
    None = 0,

    /// <summary>The data that the contract asked for is all here.</summary>
    DataComplete = 1 << 0,

    /// <summary>Connectivity is confirmed, or the device came back.</summary>
    Connected = 1 << 1,

    /// <summary>The device is lost for longer than the grace.</summary>
    Lost = 1 << 2,

    /// <summary>The first evidence that the device has accepted the desired revision.</summary>
    Accepted = 1 << 3,

    /// <summary>The device answered that the new plan lacks what it has finished meanwhile.</summary>
    Outdated = 1 << 4,

    /// <summary>The actuals that were awaited are complete.</summary>
    ActualsComplete = 1 << 5,

    /// <summary>The device's journal says completed.</summary>
    Completed = 1 << 6,

    /// <summary>The device is known to stand still.</summary>
    StandsStill = 1 << 7,

    /// <summary>A failure of domain §6 was found.</summary>
    Failed = 1 << 8,

    /// <summary>Reality and projection differ beyond tolerance: the plan must be looked at.</summary>
    Diverged = 1 << 9,

    /// <summary>A newer revision than the accepted one waits to be pushed.</summary>
    RevisionPending = 1 << 10,

    /// <summary>Nothing is left to do but to go on.</summary>
    Settled = 1 << 11,

    Retry = 1 << 12,
    RetryFirst = 1 << 13,
    RetryLater = 1 << 14,
    RetryData = 1 << 15,
    Hold = 1 << 16,
    Abort = 1 << 17,
    Again = 1 << 18,

    /// <summary>Where a released hold leads when nothing else is open: by connection.</summary>
    ToLive = 1 << 19,
    ToProjected = 1 << 20,
    ToRecovering = 1 << 21,
    ToPreparing = 1 << 22,
    ToAwaitingConnection = 1 << 23,

    /// <summary>The deadline that fired is the current one and stands.</summary>
    Due = 1 << 24,

    Reassign = 1 << 30,
    Escalate = 1 << 28,

    /// <summary>The Planner found that another device has done all there was to do.</summary>
    DoneByOther = 1 << 29,

    /// <summary>The device lost its journal: no actuals will come that could be waited for.</summary>
    JournalLost = 1 << 26,

    /// <summary>An operator's word was taken for the device's.</summary>
    Attested = 1 << 27,

    /// <summary>The Policy Service gave no usable decision: what follows is the configured fallback.</summary>
    Fallback = 1 << 25,
}
