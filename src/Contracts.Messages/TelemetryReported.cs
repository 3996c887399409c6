namespace ExecutionManager.Contracts.Messages;

/// <summary>Adapters → EM: a batch of telemetry, the latest per contract and device. An older sample changes nothing.</summary>
public sealed record TelemetryReported
{
    /// <summary>At most one per contract and device.</summary>
    public required IReadOnlyList<TelemetrySample> Samples { get; init; }
}
