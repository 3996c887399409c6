using Microsoft.Extensions.Logging;

namespace ExecutionManager.Durability;

internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "The database does not answer; trying again until it does: {Why}")]
    public static partial void DatabaseUnavailable(this ILogger logger, string why);

    [LoggerMessage(EventId = 8, Level = LogLevel.Information, Message = "The database answers")]
    public static partial void DatabaseBack(this ILogger logger);

    [LoggerMessage(EventId = 2, Level = LogLevel.Debug, Message = "Message {MessageId} was handled before by {Consumer}")]
    public static partial void Duplicate(this ILogger logger, Guid messageId, string consumer);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "Message {MessageId} {MessageType} could not be sent to {Destination}, attempt {Attempt}: {Why}")]
    public static partial void SendFailed(this ILogger logger, Guid messageId, string messageType, string destination, int attempt, string why);

    [LoggerMessage(EventId = 4, Level = LogLevel.Error, Message = "Message {MessageId} {MessageType} for {Destination} is parked: {Reason}")]
    public static partial void MessageParked(this ILogger logger, Guid messageId, string messageType, string destination, string reason);

    [LoggerMessage(EventId = 5, Level = LogLevel.Error, Message = "The relay failed; going on in {Wait}: {Why}")]
    public static partial void RelayFailed(this ILogger logger, TimeSpan wait, string why);

    [LoggerMessage(EventId = 6, Level = LogLevel.Information, Message = "{Count} messages not consumed before the last stop are sent again")]
    public static partial void SentAgain(this ILogger logger, int count);

    [LoggerMessage(EventId = 7, Level = LogLevel.Warning, Message = "Nothing can be sent: {Why}. What is to go waits in the outbox")]
    public static partial void NothingCanBeSent(this ILogger logger, string why);
}
