namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → adapters: what a device is to do with a contract, repeated until confirmed. An older version never wins.</summary>
public sealed record SetDesired
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The device.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The epoch it is meant for; the device refuses another.</summary>
    public required long ConnectionEpoch { get; init; }

    /// <summary>The desired revision.</summary>
    public required int Revision { get; init; }

    /// <inheritdoc cref="Desired.Intent"/>
    [Wire]
    public required Intent Intent { get; init; }

    /// <inheritdoc cref="Desired.IntentVersion"/>
    public required long IntentVersion { get; init; }

    /// <inheritdoc cref="Desired.AsOf"/>
    [JsonIgnore(Condition = WhenWritingNull)]
    public long? AsOf { get; init; }

    /// <inheritdoc cref="Desired.ValidFor"/>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public TimeSpan? ValidFor { get; init; }
}
