namespace ExecutionManager.Contracts.Messages;

/// <summary>A device's own picture of a contract at one instant.</summary>
public sealed record DeviceSnapshot
{
    /// <summary>On the device's clock.</summary>
    [Wire]
    public required DateTimeOffset At { get; init; }

    /// <summary>Status of the contract on the device.</summary>
    [Wire]
    public required ExecutionStatus Status { get; init; }

    /// <summary>The revision held; 0 where the device does not know the contract.</summary>
    public int Revision { get; init; }

    /// <summary>The newest desire received; 0 for none.</summary>
    public long IntentVersion { get; init; }

    /// <summary>By action id; an action left out has not been started.</summary>
    [Wire]
    public IReadOnlyDictionary<string, SnapshotAction> Actions { get; init; } = new Dictionary<string, SnapshotAction>();

    /// <summary>Coordinates in the contract's frame.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public IReadOnlyList<double>? Position { get; init; }
}
