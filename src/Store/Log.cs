using Microsoft.Extensions.Logging;

namespace ExecutionManager.Store;

internal static partial class Log
{
    [LoggerMessage(EventId = 20, Level = LogLevel.Information, Message = "Device {DeviceId} connected (epoch {Epoch})")]
    public static partial void DeviceConnected(this ILogger logger, string deviceId, long epoch);

    [LoggerMessage(EventId = 21, Level = LogLevel.Information, Message = "Device {DeviceId} lost (epoch {Epoch}, {Reason})")]
    public static partial void DeviceLost(this ILogger logger, string deviceId, long epoch, string reason);

    [LoggerMessage(EventId = 22, Level = LogLevel.Warning, Message = "Telemetry waits until it can be stored: {Why}")]
    public static partial void TelemetryWaits(this ILogger logger, string why);

    [LoggerMessage(EventId = 23, Level = LogLevel.Warning, Message = "A sample of device {DeviceId} could not be stored: {Why}")]
    public static partial void TelemetryRefused(this ILogger logger, string deviceId, string why);
}
