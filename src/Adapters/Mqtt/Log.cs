using Microsoft.Extensions.Logging;

namespace ExecutionManager.Adapters;

internal static partial class Log
{
    [LoggerMessage(EventId = 3001, Level = LogLevel.Information, Message = "MQTT adapter connected to {Host}:{Port}")]
    public static partial void AdapterConnected(this ILogger logger, string host, int port);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Warning, Message = "MQTT adapter not connected to {Host}:{Port}: {Reason}")]
    public static partial void AdapterNotConnected(this ILogger logger, string host, int port, string reason);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Warning, Message = "Rejected a message of {DeviceId} on {Topic}: {Reason}, {Detail}")]
    public static partial void DeviceMessageRejected(this ILogger logger, string? deviceId, string topic, string reason, string detail);

    [LoggerMessage(EventId = 3004, Level = LogLevel.Warning, Message = "The bus does not take messages of devices: {Reason}")]
    public static partial void BusUnavailable(this ILogger logger, string reason);

    [LoggerMessage(EventId = 3005, Level = LogLevel.Warning, Message = "The broker refused a command on {Topic}: {Reason}")]
    public static partial void CommandRefused(this ILogger logger, string topic, string reason);

    [LoggerMessage(EventId = 3006, Level = LogLevel.Information, Message = "Dropped a command on {Topic}, sent {Age} ago")]
    public static partial void CommandDropped(this ILogger logger, string topic, TimeSpan age);

    [LoggerMessage(EventId = 3007, Level = LogLevel.Error, Message = "Mqtt:SharedSubscriptions: the broker at {Host}:{Port} does not share ({Why}); every worker hears every device instead")]
    public static partial void SharingNotProved(this ILogger logger, string host, int port, string why);
}
