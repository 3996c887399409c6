using System.Text.Json.Serialization;

namespace ExecutionManager.Domain;

/// <summary>How a contract stands on its device; the words of the snapshot.</summary>
[JsonConverter(typeof(CamelCase<ExecutionStatus>))]
public enum ExecutionStatus
{
    /// <summary>Nothing is known, or the device does not know the contract.</summary>
    Unknown,

    /// <summary>Accepted, nothing running.</summary>
    Waiting,

    /// <summary>At work.</summary>
    Executing,

    /// <summary>Standing still, may go on.</summary>
    Paused,

    /// <summary>Standing still after a failure, waiting for a plan or a desire.</summary>
    Failed,

    /// <summary>Done.</summary>
    Completed,

    /// <summary>Over, undone.</summary>
    Stopped,
}
