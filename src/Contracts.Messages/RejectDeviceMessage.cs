namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → adapters: tell a device that its message was malformed or refused. A duplicate is harmless.</summary>
public sealed record RejectDeviceMessage
{
    /// <summary>The device.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The topic of the refused message.</summary>
    public required string Topic { get; init; }

    /// <summary>A stable word: <c>epochTooOld</c>, <c>notYourContract</c>, <c>malformed</c>, <c>tooLarge</c> …</summary>
    public required string Reason { get; init; }

    /// <summary>For the device's developer.</summary>
    public required string Detail { get; init; }

    /// <summary>The epoch to connect above, with <c>epochTooOld</c>.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public long? CurrentEpoch { get; init; }
}
