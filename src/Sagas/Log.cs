using Microsoft.Extensions.Logging;

namespace ExecutionManager.Sagas;

internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Contract {ContractId} of {DeviceId} moved {From} -> {To} ({Cause})")]
    public static partial void ContractMoved(this ILogger logger, Guid contractId, string deviceId, string from, string to, string cause);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "Contract {ContractId} of {DeviceId} failed: {Kind}, {Detail}")]
    public static partial void ContractFailed(this ILogger logger, Guid contractId, string deviceId, string kind, string detail);

    [LoggerMessage(EventId = 3, Level = LogLevel.Information, Message = "Contract {ContractId}: {What} ignored, {Why}")]
    public static partial void AnswerIgnored(this ILogger logger, Guid contractId, string what, string why);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "Contract {ContractId}: refused a message of {DeviceId} on {Topic}: {Reason}, {Detail}")]
    public static partial void DeviceMessageRefused(this ILogger logger, Guid contractId, string deviceId, string topic, string reason, string detail);
}
