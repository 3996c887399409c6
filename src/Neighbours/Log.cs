using Microsoft.Extensions.Logging;

namespace ExecutionManager.Neighbours;

internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Request} of contract {ContractId} answered with {Answer} (fault: {Fault})")]
    public static partial void Answered(this ILogger log, string request, Guid contractId, string answer, Fault fault);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "{Request} of contract {ContractId} not answered (fault: {Fault})")]
    public static partial void Unanswered(this ILogger log, string request, Guid contractId, Fault fault);
}
