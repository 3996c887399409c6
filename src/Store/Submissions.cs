using System.Data;
using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using ExecutionManager.Sagas;
using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Store;

/// <summary>Takes contracts in: validated, given their fencing token and committed together with the message that starts them.</summary>
public sealed class Submissions(StoreContext db, IPublishEndpoint publish, TimeProvider clock)
{
    private const int MaxPredecessors = 50;

    /// <summary>Submits a contract document. Everything is written to the context; the caller's transaction commits it.</summary>
    /// <param name="body">The document as the caller wrote it.</param>
    /// <param name="idempotencyKey">Kept with the contract; the same key with the same document finds it again.</param>
    public async Task<Submission> Submit(JsonElement body, string? idempotencyKey, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var reading = ContractDocument.Read(body, Guid.CreateVersion7(now), now);
        if (reading.TooLarge)
        {
            return new Submission.TooLarge();
        }

        if (reading.Unchecked is { } named && await Known(named, idempotencyKey, ct) is { } known)
        {
            return known;
        }

        if (reading.Contract is not { } contract)
        {
            return new Submission.Invalid(reading.Errors);
        }

        var task = await db.HoldTask(contract.Task.TaskId, ct);
        var open = await db.Contracts.Where(saga => saga.TaskId == contract.Task.TaskId && saga.IsOpen).Select(saga => (Guid?)saga.CorrelationId).FirstOrDefaultAsync(ct);
        if (open is { } existing)
        {
            // It may have come while this one waited for the task: by the same request from elsewhere.
            return await Known(contract, idempotencyKey, ct) ?? new Submission.TaskAlreadyAssigned(existing);
        }

        var accepted = contract with { FencingToken = ++task.FencingToken, Revision = 1, PlannedAtSeq = 0 };
        db.Documents.Add(new DocumentRow { ContractId = accepted.ContractId, Revision = 1, Json = ContractDocument.Write(accepted) });
        db.Contracts.Add(new ContractState
        {
            CorrelationId = accepted.ContractId, CurrentState = "Initial", DeviceId = accepted.DeviceId,
            TaskId = accepted.Task.TaskId, TaskType = accepted.Task.Type, Priority = accepted.Task.Priority, Frame = accepted.Frame,
            FencingToken = accepted.FencingToken, CreatedAt = now, ChangedAt = now,
            IdempotencyKey = idempotencyKey, SubmittedHash = ContractDocument.Fingerprint(contract),
        });
        await publish.Publish(new ContractSubmitted(accepted.ContractId), ct);
        if (accepted.FencingToken > 1)
        {
            // What their devices may still have to say goes to this one.
            var earlier = await db.Contracts.Where(saga => saga.TaskId == accepted.Task.TaskId && !saga.IsOpen)
                .OrderByDescending(saga => saga.FencingToken).Take(MaxPredecessors).Select(saga => saga.CorrelationId).ToListAsync(ct);
            await publish.PublishBatch(earlier.Select(one => new SuccessorAppointed(one, accepted.ContractId)), ct);
        }

        return new Submission.Created(accepted.ContractId);
    }

    private async Task<Submission?> Known(Contract named, string? idempotencyKey, CancellationToken ct)
    {
        var hash = ContractDocument.Fingerprint(named);
        if (idempotencyKey is not null
            && await db.Contracts.AsNoTracking().SingleOrDefaultAsync(saga => saga.IdempotencyKey == idempotencyKey, ct) is { } keyed)
        {
            return keyed.SubmittedHash == hash ? new Submission.Replayed(keyed.CorrelationId) : new Submission.IdempotencyConflict(keyed.CorrelationId);
        }

        return await db.Contracts.AsNoTracking().SingleOrDefaultAsync(saga => saga.CorrelationId == named.ContractId, ct) is { } known
            ? known.SubmittedHash == hash ? new Submission.Same(known.CorrelationId) : new Submission.Exists(known.CorrelationId)
            : null;
    }
}
