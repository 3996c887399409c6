namespace ExecutionManager.Contracts.Messages;

/// <summary>What a device says about its execution of a contract.</summary>
[JsonConverter(typeof(WireConverter))]
public enum ExecutionStatus
{
    /// <summary>Accepted; no action has been started, or it waits for its turn.</summary>
    Waiting,

    /// <summary>An action is running.</summary>
    Executing,

    /// <summary>Interrupted, to be resumed.</summary>
    Paused,

    /// <summary>Stands still after a failure and waits for a new revision or a desire.</summary>
    Failed,

    /// <summary>Ended with the whole plan executed.</summary>
    Completed,

    /// <summary>Ended before the plan was.</summary>
    Stopped,

    /// <summary>The device does not know the contract.</summary>
    Unknown,
}
