using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>A task goes from one device to another, and what the first one still has to say goes after it.</summary>
internal static class Successions
{
    /// <summary>Keeps with which devices excluded the task is handed over, before the stop that led here is forgotten.</summary>
    public static EventActivityBinder<ContractState, T> HandOver<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.Then(context =>
        {
            var (saga, stop) = (context.Saga, context.Saga.Open.Stop!);
            saga.Open = saga.Open with
            {
                Reassignment = new OpenReassignment([.. (stop.ExcludeDevices ?? []).Append(saga.DeviceId).Distinct()], stop.Reason ?? "reassigned", 0),
            };
        });

    /// <summary>Asks the Scheduler for another device; with nothing left there is nothing to ask for.</summary>
    public static EventActivityBinder<ContractState, T> RequestReassignment<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(context => context.RequestReassignment());

    /// <summary>The Scheduler is asked again until the task has a new contract.</summary>
    public static EventActivityBinder<ContractState, DeadlineReached> RepeatReassignment(this EventActivityBinder<ContractState, DeadlineReached> binder) =>
        binder.ThenAsync(async context =>
        {
            if (await context.Successor() is { } successor)
            {
                await context.Follow(successor);
                return;
            }

            await context.RequestReassignment();
        });

    /// <summary>The task has a new contract: it learns what this one's device was late to tell.</summary>
    public static EventActivityBinder<ContractState, SuccessorAppointed> Follow(this EventActivityBinder<ContractState, SuccessorAppointed> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, successor) = (context.Saga, context.Message.SuccessorId);
            await context.Follow(successor);
            if (!saga.Open.LateFinished.IsEmpty || saga.Open.LateDuplicate is not null)
            {
                await context.Send(
                    Deadlines.ContractQueue, new PredecessorReported(successor, saga.CorrelationId, saga.DeviceId, saga.Open.LateFinished, saga.Open.LateDuplicate));
                saga.Open = saga.Open with { LateDuplicate = null };
            }

            if (saga.Open.Unheard is { } unheard)
            {
                await context.Send(Deadlines.ContractQueue, unheard with { ContractId = successor });
                saga.Open = saga.Open with { Unheard = null };
            }
        });

    /// <summary>After the end the outcome stays; what the device says later is recorded beside it, published, and told to
    /// the contract that has the task now. Work after the lease or the stop is a duplicate execution.</summary>
    public static EventActivityBinder<ContractState, T> RecordLate<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            var (saga, work, applied) = (context.Saga, context.Work(), context.Findings().Applied);
            if (saga.Execution.IsCompleted && saga.Outcome!.Status != ContractStatus.Completed)
            {
                saga.LateOutcome ??= new ContractOutcome(ContractStatus.Completed, work.Now, OutcomeEvidence.Device, null);
            }

            var late = applied.Concat(context.Findings().Late).OrderBy(entry => entry.Seq).ToList();
            if (late.Count == 0)
            {
                return;
            }

            if (applied.Count > 0)
            {
                await context.Announce(new LateEvidenceFound { ContractId = saga.CorrelationId, DeviceId = saga.DeviceId, TaskId = saga.TaskId, Entries = applied.OnTheWire() });
            }

            var finished = late.Where(entry => entry is { Type: EntryTypes.ActionFinished, ActionId: not null }).Select(entry => entry.ActionId!).ToList();
            if (saga.Execution.IsCompleted)
            {
                finished = [.. finished.Union((await context.Plan(saga.Revision)).Actions.Select(action => action.ActionId))];
            }

            saga.Open = saga.Open with { LateFinished = [.. saga.Open.LateFinished.Union(finished).TakeLast(Execution.MaxExecuted)] };
            var lease = await work.Records.Lease(saga.CorrelationId, context.CancellationToken);
            var stillAt = saga.Outcome!.Evidence == OutcomeEvidence.LeaseEnd && lease is not null ? lease.SafeToReassignAt : saga.Outcome.At;
            var receivedAt = context.Message is ExecutionReported report ? report.ReceivedAt : work.Now;
            var duplicate = late.Where(entry => Leases.IsWorkAfter(entry, receivedAt, stillAt)).ToList();
            var successor = await context.Successor();
            if (duplicate.Count > 0)
            {
                await context.Announce(new DuplicateExecution
                {
                    ContractId = saga.CorrelationId, DeviceId = saga.DeviceId, TaskId = saga.TaskId, Entries = duplicate.OnTheWire(), SuccessorId = successor,
                });
            }

            SeqRange? proof = duplicate.Count > 0 ? new SeqRange(saga.Open.LateDuplicate?.From ?? duplicate[0].Seq, duplicate[^1].Seq) : null;
            if (successor is { } next && (finished.Count > 0 || proof is not null))
            {
                await context.Follow(next);
                await context.Send(Deadlines.ContractQueue, new PredecessorReported(next, saga.CorrelationId, saga.DeviceId, finished, proof));
                return;
            }

            // Whoever gets the task has to know that this device does not stand still when it is told to.
            saga.Open = saga.Open with { LateDuplicate = proof ?? saga.Open.LateDuplicate };
            if (saga.Open.Reassignment is not null && finished.Count > 0)
            {
                // Nobody has the task yet: the Scheduler is told that less remains.
                await context.RequestReassignment();
            }
        });

    /// <summary>Takes what another device has done of the task. What it did while it should have stood still needs a person.</summary>
    public static EventActivityBinder<ContractState, PredecessorReported> Take(this EventActivityBinder<ContractState, PredecessorReported> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, news) = (context.Saga, context.Message);
            saga.Open = saga.Open with { DoneByOthers = [.. saga.Open.DoneByOthers.Union(news.Finished).TakeLast(Execution.MaxExecuted)] };
            if (news.Duplicate is { } duplicate)
            {
                context.Blame(FailureKind.DeviceFault, $"{news.DeviceId} worked on the task after its lease or its stop", new JsonObject
                {
                    ["duplicateExecution"] = new JsonObject
                    {
                        ["contractId"] = news.PredecessorId.ToString(), ["deviceId"] = news.DeviceId, ["fromSeq"] = duplicate.From, ["throughSeq"] = duplicate.To,
                    },
                });
                context.Findings().Failure = context.Findings().Failure! with { Certainty = Certainty.Confirmed };
                context.Findings().Add(Verdict.Escalate);
            }
            else if (await context.HasForeignWork())
            {
                context.Findings().Add(Verdict.Diverged);
            }
        });

    /// <summary>It is being stopped, or is over: less remains of it, and a duplicate execution is for whoever has the task next.</summary>
    public static EventActivityBinder<ContractState, PredecessorReported> PassOn(this EventActivityBinder<ContractState, PredecessorReported> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, news) = (context.Saga, context.Message);
            saga.Open = saga.Open with { DoneByOthers = [.. saga.Open.DoneByOthers.Union(news.Finished).TakeLast(Execution.MaxExecuted)] };
            if (news.Duplicate is not null && saga.Open.SuccessorId is { } next)
            {
                await context.Send(Deadlines.ContractQueue, news with { ContractId = next });
            }
            else if (news.Duplicate is not null)
            {
                saga.Open = saga.Open with { Unheard = news };
            }
        });

    /// <summary>Part of the plan was done by another device, and the Planner has not heard of it yet.</summary>
    public static async Task<bool> HasForeignWork(this BehaviorContext<ContractState> context)
    {
        var saga = context.Saga;
        if (saga.Open.DoneByOthers.IsEmpty || saga.AcceptedRevision == 0)
        {
            return false;
        }

        var plan = await context.Plan(saga.AcceptedRevision);
        return Plans.Remaining(plan, saga.Execution).Any(action => Grounds.IsDoneByOther(saga, action));
    }

    public static IReadOnlyList<Messages.JournalEntry> OnTheWire(this IEnumerable<JournalEntry> entries) =>
    [
        .. entries.Select(entry => new Messages.JournalEntry { Seq = entry.Seq, Revision = entry.Revision, At = entry.At, Type = entry.Type, ActionId = entry.ActionId, Data = entry.Data }),
    ];

    private static Task<Guid?> Successor(this BehaviorContext<ContractState> context) =>
        context.Work().Records.Successor(context.Saga.TaskId, context.Saga.FencingToken, context.CancellationToken);

    private static Task Follow(this BehaviorContext<ContractState> context, Guid successor)
    {
        context.Saga.Open = context.Saga.Open with { SuccessorId = successor, Reassignment = null };
        return context.Disarm(DeadlineKind.Reassignment);
    }

    private static async Task RequestReassignment(this BehaviorContext<ContractState> context)
    {
        var (saga, work) = (context.Saga, context.Work());
        var (plan, open) = (await context.Plan(saga.Revision), saga.Open.Reassignment!);
        var remaining = Grounds.Remaining(saga, plan);
        if (remaining.Count == 0 || saga.Execution.IsCompleted)
        {
            saga.Open = saga.Open with { Reassignment = null };
            await context.Disarm(DeadlineKind.Reassignment);
            return;
        }

        saga.Open = saga.Open with { Reassignment = open with { Attempt = open.Attempt + 1 } };
        await context.Publish(new ReassignmentRequested
        {
            ContractId = saga.CorrelationId, TaskId = saga.TaskId, Task = Shown.Document(plan).Task!, RemainingActions = Shown.Actions(plan, remaining),
            ExcludeDevices = open.ExcludeDevices, Reason = open.Reason, Attempt = saga.Open.Reassignment!.Attempt,
        });
        await context.ArmIn(DeadlineKind.Reassignment, work.Settings.Reassignment);
    }
}
