namespace ExecutionManager.Contracts.Messages;

/// <summary>A device's answer to a desire.</summary>
[JsonConverter(typeof(WireConverter))]
public enum DesiredResult
{
    /// <summary>Obeyed; for hold and stop it means standing still.</summary>
    Done,

    /// <summary>The device cannot obey.</summary>
    Refused,

    /// <summary>The device does not hold the contract.</summary>
    UnknownContract,
}
