namespace ExecutionManager.Contracts.Messages;

/// <summary>What the EM wants a device to do with a contract.</summary>
[JsonConverter(typeof(WireConverter))]
public enum Intent
{
    /// <summary>Execute it.</summary>
    Run,

    /// <summary>Stand still and keep it; interrupts a running action.</summary>
    Hold,

    /// <summary>Stand still and end it; interrupts a running action.</summary>
    Stop,
}
