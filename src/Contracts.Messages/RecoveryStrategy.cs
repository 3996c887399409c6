namespace ExecutionManager.Contracts.Messages;

/// <summary>What to do about a failure.</summary>
[JsonConverter(typeof(WireConverter))]
public enum RecoveryStrategy
{
    /// <summary>The same device tries again under a new revision.</summary>
    Retry,

    /// <summary>Another device takes the remaining actions over.</summary>
    Reassign,

    /// <summary>An operator decides.</summary>
    Escalate,

    /// <summary>Wait, with the device held.</summary>
    Hold,

    /// <summary>Stop the device and give the contract up.</summary>
    Abort,
}
