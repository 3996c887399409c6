using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Store;

/// <summary>Takes assignments of the Scheduler by the same rules as HTTP, and answers each.</summary>
public sealed class AssignmentConsumer(Submissions submissions) : IConsumer<TaskAssigned>
{
    public async Task Consume(ConsumeContext<TaskAssigned> context)
    {
        var assigned = context.Message;
        if (assigned.ContractId is not { } contractId)
        {
            await Reject(context, null, null, null, new Dictionary<string, string[]> { ["contractId"] = ["is required"] });
            return;
        }

        var body = JsonSerializer.SerializeToElement(assigned.ToDocument(), WireJson.Options);
        switch (await submissions.Submit(body, null, context.CancellationToken))
        {
            case Submission.Created or Submission.Same or Submission.Replayed:
                await context.Publish(new TaskAccepted { ContractId = contractId, TaskId = assigned.Task!.TaskId! });
                return;
            case Submission.TaskAlreadyAssigned(var existing):
                await Reject(context, contractId, "taskAlreadyAssigned", existing, null);
                return;
            case Submission.Exists or Submission.IdempotencyConflict:
                await Reject(context, contractId, "contractExists", null, null);
                return;
            case Submission.TooLarge:
                await Reject(context, contractId, "tooLarge", null, null);
                return;
            case Submission.Invalid(var errors):
                await Reject(context, contractId, null, null, errors);
                return;
        }
    }

    private static Task Reject(ConsumeContext<TaskAssigned> context, Guid? contractId, string? reason, Guid? existing, IReadOnlyDictionary<string, string[]>? errors) =>
        context.Publish(new TaskRejected
        {
            ContractId = contractId, TaskId = context.Message.Task?.TaskId, Reason = reason, ExistingContractId = existing,
            Errors = (errors ?? new Dictionary<string, string[]>()).ToDictionary(error => error.Key, error => (IReadOnlyList<string>)error.Value),
        });
}
