namespace ExecutionManager.Contracts.Messages;

/// <summary>One action in a <see cref="DeviceSnapshot"/>.</summary>
public sealed record SnapshotAction
{
    /// <summary>Its status.</summary>
    [Wire]
    public required ActionStatus Status { get; init; }

    /// <summary>0..1.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public double? Progress { get; init; }
}
