namespace ExecutionManager.Contracts.Messages;

/// <summary>The status of one action, in the words of VDA 5050.</summary>
[JsonConverter(typeof(WireConverter))]
public enum ActionStatus
{
    /// <summary>Not started.</summary>
    Waiting,

    /// <summary>Being prepared.</summary>
    Initializing,

    /// <summary>Running.</summary>
    Running,

    /// <summary>Interrupted, to be resumed.</summary>
    Paused,

    /// <summary>Ended as planned.</summary>
    Finished,

    /// <summary>Ended otherwise.</summary>
    Failed,
}
