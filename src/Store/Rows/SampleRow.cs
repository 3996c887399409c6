namespace ExecutionManager.Store;

/// <summary>The latest telemetry of a device about one contract (an empty id: about none).</summary>
public sealed class SampleRow
{
    public required string DeviceId { get; init; }
    public required Guid ContractId { get; init; }
    public long Epoch { get; set; }
    public DateTimeOffset At { get; set; }
    public DateTimeOffset ReceivedAt { get; set; }
    public string? ActionId { get; set; }
    public double? Progress { get; set; }
    public double[]? Position { get; set; }
    public double? Battery { get; set; }
    public string? Values { get; set; }

    /// <summary>When progress was last told of it.</summary>
    public DateTimeOffset? ProgressedAt { get; set; }
}
