using ExecutionManager.Contracts.Messages;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace ExecutionManager.Neighbours;

/// <summary>Hears what became of assignments; those of other schedulers pass.</summary>
internal sealed class AssignmentAnswers(Assigning assigning, ILogger<AssignmentAnswers> log) : IConsumer<TaskAccepted>, IConsumer<TaskRejected>
{
    public Task Consume(ConsumeContext<TaskAccepted> context)
    {
        assigning.Settle(context.Message.ContractId);
        log.Accepted(context.Message.TaskId, context.Message.ContractId);
        return Task.CompletedTask;
    }

    public Task Consume(ConsumeContext<TaskRejected> context)
    {
        var rejected = context.Message;
        if (rejected.ContractId is { } contractId)
            assigning.Settle(contractId);
        log.Rejected(rejected.TaskId, rejected.ContractId, rejected.Reason ?? string.Join("; ", rejected.Errors.Select(error => $"{error.Key} {string.Join(", ", error.Value)}")));
        return Task.CompletedTask;
    }
}
