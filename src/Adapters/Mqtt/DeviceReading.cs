using System.Diagnostics.CodeAnalysis;

namespace ExecutionManager.Adapters;

/// <summary>What a device's message says: one bus message, or why it says nothing.</summary>
public sealed record DeviceReading
{
    private DeviceReading(string? deviceId, object? message, DeviceRejection? rejection) =>
        (DeviceId, Message, Rejection) = (deviceId, message, rejection);

    /// <summary>Null when the topic names no device that could be.</summary>
    public string? DeviceId { get; }

    /// <summary>DeviceConnected, DeviceDisconnected, ContractAcknowledged, DesiredAcknowledged, ExecutionReported, or TelemetryReported with one sample.</summary>
    public object? Message { get; }

    public DeviceRejection? Rejection { get; }

    [MemberNotNullWhen(true, nameof(Rejection))]
    [MemberNotNullWhen(false, nameof(Message))]
    public bool IsRejected => Rejection is not null;

    internal static DeviceReading Read(string deviceId, object message) => new(deviceId, message, null);

    internal static DeviceReading Reject(string? deviceId, string topic, string reason, string detail) =>
        new(deviceId, null, new DeviceRejection(deviceId, topic, reason, detail));
}
