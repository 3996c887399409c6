namespace ExecutionManager.Worker;

internal static partial class Log
{
    [LoggerMessage(EventId = 40, Level = LogLevel.Warning, Message = "A sweep failed and is tried again: {Why}")]
    public static partial void SweepFailed(this ILogger logger, string why);

    [LoggerMessage(EventId = 42, Level = LogLevel.Warning, Message = "RabbitMQ at {Broker} (ConnectionStrings:Bus) does not answer; it is tried again until it does. HTTP answers meanwhile, and what is to be sent is kept ({Why})")]
    public static partial void BusAway(this ILogger logger, string broker, string why);

    [LoggerMessage(EventId = 43, Level = LogLevel.Information, Message = "RabbitMQ at {Broker} answers")]
    public static partial void BusBack(this ILogger logger, string broker);

    [LoggerMessage(EventId = 47, Level = LogLevel.Error, Message = "RabbitMQ refuses the login of '{User}' (ConnectionStrings:Bus); it is tried every {Wait} until it does not: {Why}")]
    public static partial void LoginRefused(this ILogger logger, string user, TimeSpan wait, string why);

    [LoggerMessage(EventId = 44, Level = LogLevel.Error, Message = "The database takes no writes: {Why}")]
    public static partial void StoreAway(this ILogger logger, string why);

    [LoggerMessage(EventId = 45, Level = LogLevel.Information, Message = "The database takes writes again")]
    public static partial void StoreBack(this ILogger logger);

    [LoggerMessage(EventId = 46, Level = LogLevel.Information, Message = "{Count} contracts that ended longer ago than Retention:Terminal were purged")]
    public static partial void ContractsPurged(this ILogger logger, int count);

    [LoggerMessage(EventId = 41, Level = LogLevel.Warning, Message = "Unknown setting {Key} is ignored")]
    public static partial void UnknownSetting(this ILogger logger, string key);
}
