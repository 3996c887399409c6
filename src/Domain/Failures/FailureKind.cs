using System.Text.Json.Serialization;

namespace ExecutionManager.Domain;

/// <summary>What can go wrong with a contract.</summary>
[JsonConverter(typeof(CamelCase<FailureKind>))]
public enum FailureKind
{
    /// <summary>Required data was refused, wrong, too large or late.</summary>
    DataUnavailable,

    /// <summary>Connectivity was not confirmed in time.</summary>
    DeviceUnreachable,

    /// <summary>The device refused the contract.</summary>
    ContractRejected,

    /// <summary>No evidence of acceptance.</summary>
    AcceptTimeout,

    /// <summary>It may run and does not.</summary>
    Stalled,

    /// <summary>An action failed.</summary>
    ActionFailed,

    /// <summary>An action is confirmed to run longer than it may.</summary>
    ActionTimeout,

    /// <summary>The device broke, disobeyed or lost its journal.</summary>
    DeviceFault,

    /// <summary>The device left its scope.</summary>
    ScopeViolated,

    /// <summary>The window ended before the work.</summary>
    WindowMissed,

    /// <summary>Offline for longer than allowed.</summary>
    OfflineTooLong,

    /// <summary>Back, without its actuals.</summary>
    ReconciliationTimeout,

    /// <summary>No usable new plan.</summary>
    ReplanFailed,

    /// <summary>Held for too long.</summary>
    HoldTooLong,
}
