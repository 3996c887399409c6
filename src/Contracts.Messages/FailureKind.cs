namespace ExecutionManager.Contracts.Messages;

/// <summary>What failed. The EM detects it, the Policy Service chooses what to do.</summary>
[JsonConverter(typeof(WireConverter))]
public enum FailureKind
{
    /// <summary>Requested data was refused, wrong, too large or late.</summary>
    DataUnavailable,

    /// <summary>Connectivity was not confirmed before the push deadline; concluded from silence.</summary>
    DeviceUnreachable,

    /// <summary>The device refused the contract.</summary>
    ContractRejected,

    /// <summary>No evidence of acceptance in time; concluded from silence.</summary>
    AcceptTimeout,

    /// <summary>Connected and allowed to run, but no action is running.</summary>
    Stalled,

    /// <summary>The journal says that an action failed.</summary>
    ActionFailed,

    /// <summary>The running action is confirmed to run longer than its maximum and the tolerance.</summary>
    ActionTimeout,

    /// <summary>The device reported a fault, stopped unasked, disobeyed, or lost its journal.</summary>
    DeviceFault,

    /// <summary>The device left its scope: action type, area or window.</summary>
    ScopeViolated,

    /// <summary>The window ended before the contract was completed.</summary>
    WindowMissed,

    /// <summary>Offline for longer than the lease allows; concluded from silence.</summary>
    OfflineTooLong,

    /// <summary>The device is back, but its actuals did not come in time; concluded from silence.</summary>
    ReconciliationTimeout,

    /// <summary>The Planner failed, was late, or its plan cannot be used.</summary>
    ReplanFailed,

    /// <summary>A hold without end lasted longer than allowed.</summary>
    HoldTooLong,
}
