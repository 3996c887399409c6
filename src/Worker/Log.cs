namespace ExecutionManager.Worker;

internal static partial class Log
{
    [LoggerMessage(EventId = 40, Level = LogLevel.Warning, Message = "A sweep failed and is tried again: {Why}")]
    public static partial void SweepFailed(this ILogger logger, string why);

    [LoggerMessage(EventId = 41, Level = LogLevel.Warning, Message = "Unknown setting {Key} is ignored")]
    public static partial void UnknownSetting(this ILogger logger, string key);
}
