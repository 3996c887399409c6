using Microsoft.Extensions.Logging;

namespace ExecutionManager.Neighbours;

internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Request} of contract {ContractId} answered with {Answer} (fault: {Fault})")]
    public static partial void Answered(this ILogger log, string request, Guid contractId, string answer, Fault fault);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "{Request} of contract {ContractId} not answered: {Reason}")]
    public static partial void Unanswered(this ILogger log, string request, Guid contractId, string reason);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "{Key} is not a known setting")]
    public static partial void UnknownSetting(this ILogger log, string key);

    [LoggerMessage(EventId = 4, Level = LogLevel.Information, Message = "{Neighbour} serves its queue at {Bus}; end with Ctrl+C")]
    public static partial void Serving(this ILogger log, string neighbour, string bus);

    [LoggerMessage(EventId = 5, Level = LogLevel.Information, Message = "Task {TaskId} is assigned with contract {ContractId}")]
    public static partial void Accepted(this ILogger log, string taskId, Guid contractId);

    [LoggerMessage(EventId = 6, Level = LogLevel.Warning, Message = "Task {TaskId} with contract {ContractId} is refused: {Reason}")]
    public static partial void Rejected(this ILogger log, string? taskId, Guid? contractId, string reason);
}
