namespace ExecutionManager.Contracts.Messages;

/// <summary>What the EM wants of a contract. With <see cref="AsOf"/> and <see cref="ValidFor"/> it is a grant.</summary>
public sealed record Desired
{
    /// <summary>What to do.</summary>
    [Wire]
    public required Intent Intent { get; init; }

    /// <summary>Grows with each change of intent; an older one never wins.</summary>
    public required long IntentVersion { get; init; }

    /// <summary>The newest uptime in milliseconds received from the device in this epoch. Absent with stop.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public long? AsOf { get; init; }

    /// <summary>The lease ends at <see cref="AsOf"/> plus this, on the device's clock. Absent with stop.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public TimeSpan? ValidFor { get; init; }
}
