using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>Comparing actuals with the projection, and replanning when they differ.</summary>
internal static class Replans
{
    /// <summary>Freezes the projection at the snapshot, compares, stores and publishes the report, and says what it comes to.</summary>
    public static EventActivityBinder<ContractState, T> Compare<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            var (saga, findings) = (context.Saga, context.Findings());
            var divergence = await context.Report();
            findings.Report = Enum.Parse<DivergenceLevel>(divergence.Level.ToString());
            if (saga.Execution.IsCompleted)
            {
                findings.Add(Verdict.Completed);
            }
            else if (saga.Open.Failure is { } failure)
            {
                context.Blame(failure);
            }
            else if (await context.HasForeignWork())
            {
                findings.Replan = ReplanReason.LateEvidence;
                findings.Add(Verdict.Diverged);
            }
            else if (Divergences.CallsForReplan(await context.Plan(Math.Max(saga.AcceptedRevision, 1)), divergence, saga.Open.Settled) is var cause
                && (cause is not null || saga.Open.Replan is not null))
            {
                findings.Replan = cause == ReplanCause.WindowAtRisk ? ReplanReason.WindowAtRisk : ReplanReason.Divergence;
                findings.Add(Verdict.Diverged);
            }
            else
            {
                findings.Add(saga.Revision > saga.AcceptedRevision ? Verdict.RevisionPending : Verdict.Settled);
            }
        });

    /// <summary>Stores a report without judging it: where the state stays.</summary>
    public static EventActivityBinder<ContractState, T> StoreReport<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(context => context.Report());

    /// <summary>Asks the Planner; a request that is open already stays open. One whose deadline ended with a hold is made anew.</summary>
    public static EventActivityBinder<ContractState, T> RequestReplan<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            var (saga, work, reason) = (context.Saga, context.Work(), context.Findings().Replan);
            if (saga.Open.Replan is not { } asked || (reason == ReplanReason.Outdated && asked.Reason != reason) || saga.Deadlines.Of(DeadlineKind.Replan) is null)
            {
                reason = reason == ReplanReason.Divergence ? saga.Open.Replan?.Reason ?? reason : reason;
                saga.Open = saga.Open with { Replan = new OpenReplan(work.NewId(), reason, work.Now, saga.Open.DoneByOthers) };
                var plan = await context.Plan(saga.AcceptedRevision);
                var deadline = work.Now + work.Settings.Replan;
                await context.Publish(new ReplanRequested
                {
                    ContractId = saga.CorrelationId, ReplanId = saga.Open.Replan.ReplanId, Revision = saga.AcceptedRevision, Reason = reason,
                    Report = Shown.Divergence(saga.Open.Divergence ?? Divergences.Judge(plan, saga.Execution, null, saga.Open.Snapshot?.Snapshot, saga.Execution.IsCompleted, work.Now)),
                    Actual = Shown.Actual(saga.Execution, plan, null), RemainingActions = Shown.Actions(plan, Grounds.Remaining(saga, plan)),
                    Contract = Shown.Document(plan), Deadline = deadline,
                });
                await context.ArmAt(DeadlineKind.Replan, deadline);
            }

            await context.Express();
        });

    /// <summary>Judges the Planner's new plan: kept as the next revision when it is valid and within the scope.</summary>
    public static EventActivityBinder<ContractState, PlanRevised> Judge(this EventActivityBinder<ContractState, PlanRevised> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, work, revised) = (context.Saga, context.Work(), context.Message);
            if (saga.Open.Replan?.ReplanId != revised.ReplanId)
            {
                context.RecordIgnored(revised, "it answers no open request");
                return;
            }

            var replan = saga.Open.Replan;
            context.SettleReplan();
            await context.Disarm(DeadlineKind.Replan);
            if (revised.Actions.Count == 0 && replan.Reason == ReplanReason.LateEvidence)
            {
                context.StopFor(ContractStatus.Cancelled, "doneByOther");
                context.Findings().Add(Verdict.DoneByOther);
                return;
            }

            var current = await context.Plan(saga.AcceptedRevision);
            // A failure that came meanwhile, and waits for its verdict, is the one to decide about: a retry gives new ids.
            var executed = saga.Open.Failure is null ? saga.Execution : Execution.None;
            var (plan, errors) = PlanReading.Read(current, revised, executed, context.NextRevision(), saga.Execution.Seq, work.Now);
            if (plan is null)
            {
                context.Blame(FailureKind.ReplanFailed, $"the revised plan is not usable: {string.Join("; ", errors.Take(5))}",
                    new JsonObject { ["replanId"] = revised.ReplanId.ToString() });
                return;
            }

            await context.Revise(plan);
            saga.Open = saga.Open with { Settled = saga.Open.Divergence, PlannerRevision = plan.Revision };
            saga.Desire(States.IntentOf(saga.CurrentState, stops: false) ?? saga.Intent);   // a hold for the Planner's sake ends
            context.Findings().Add(Verdict.RevisionPending);
        });

    /// <summary>The plan is kept: what was found so far is settled.</summary>
    public static EventActivityBinder<ContractState, PlanKept> Judge(this EventActivityBinder<ContractState, PlanKept> binder) =>
        binder.ThenAsync(async context =>
        {
            var saga = context.Saga;
            if (saga.Open.Replan?.ReplanId != context.Message.ReplanId)
            {
                context.RecordIgnored(context.Message, "it answers no open request");
                return;
            }

            // The plan that is kept is the one before: of what was outdated, what is left is pushed.
            var outdated = saga.Open.Replan.Reason == ReplanReason.Outdated;
            context.SettleReplan();
            saga.Open = saga.Open with { Settled = saga.Open.Divergence };
            saga.Desire(States.IntentOf(saga.CurrentState, stops: false) ?? saga.Intent);   // a hold for the Planner's sake ends
            await context.Disarm(DeadlineKind.Replan);
            context.Findings().Add(saga.Revision <= saga.AcceptedRevision ? Verdict.Settled : outdated ? Verdict.Outdated : Verdict.RevisionPending);
        });

    public static EventActivityBinder<ContractState, ReplanFailed> Judge(this EventActivityBinder<ContractState, ReplanFailed> binder) =>
        binder.ThenAsync(async context =>
        {
            var saga = context.Saga;
            if (saga.Open.Replan?.ReplanId != context.Message.ReplanId)
            {
                context.RecordIgnored(context.Message, "it answers no open request");
                return;
            }

            saga.Open = saga.Open with { Replan = null };
            await context.Disarm(DeadlineKind.Replan);
            context.Blame(FailureKind.ReplanFailed, $"the Planner found no plan: {context.Message.Reason}");
        });

    /// <summary>The device stands still while it is planned anew: else it would be ahead again.</summary>
    public static EventActivityBinder<ContractState, T> HoldForReplan<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            context.Saga.Desire(Intent.Hold);
            context.Findings().Replan = ReplanReason.Outdated;
            await context.Disarm(DeadlineKind.Accept);
        });

    /// <summary>The device is ahead of the new plan: finished actions are dropped from it, under the next revision.</summary>
    public static EventActivityBinder<ContractState, T> DropFinished<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            var plan = await context.Plan(context.Saga.Revision);
            await context.Revise(Plans.Retry(plan, context.Saga.Execution, RetryFrom.Remaining, context.NextRevision()));
        });

    private static ProjectionBasis? Basis(FrozenBasis? kept, Contract plan) =>
        kept is null ? null : new(plan, kept.Execution, kept.EvidenceAt, kept.Progress, kept.LeaseEnd, kept.FreeFrom);

    /// <summary>What the Planner was told of other devices' work has its answer.</summary>
    private static void SettleReplan(this BehaviorContext<ContractState> context)
    {
        var open = context.Saga.Open;
        context.Saga.Open = open with { Replan = null, DoneByOthers = [.. open.DoneByOthers.Except(open.Replan!.DoneByOthers ?? [])] };
    }

    private static async Task<Divergence> Report(this BehaviorContext<ContractState> context)
    {
        var (saga, work) = (context.Saga, context.Work());
        var plan = await context.Plan(Math.Max(saga.AcceptedRevision, 1));
        var snapshot = saga.Open.Attested?.Snapshot ?? saga.Open.Snapshot?.Snapshot;
        var (basis, until) = (Basis(saga.Open.Frozen, plan), snapshot?.At ?? work.Now);
        var frozen = basis is null ? null : Projection.At(basis, until, work.Settings.MinProbability);
        var inTime = plan.Scope.NotAfter is null ? null
            : Projection.InTime(await Estimates.Basis(saga, plan, work.Records, work.Now, context.CancellationToken), work.Now);
        var divergence = Divergences.Judge(plan, saga.Execution, frozen, snapshot, saga.Execution.IsCompleted, work.Now, inTime);
        if (basis is not null)
        {
            divergence = divergence with { IncorrectFor = Hindsight.IncorrectFor(basis, saga.Execution, saga.Open.Frozen!.LostAt ?? basis.EvidenceAt, until) };
            ContractMeter.Reconciled(context, divergence);
        }

        var asked = saga.Open.Reconciliations.IsEmpty ? [work.NewId()] : saga.Open.Reconciliations;
        saga.Open = saga.Open with { Divergence = divergence, Reconciliations = [], Actuals = null, Frozen = null };
        await context.Disarm(DeadlineKind.Actuals);
        foreach (var reconciliation in asked)
        {
            await work.Records.Close(reconciliation, saga.CorrelationId, divergence, frozen, work.Now, context.CancellationToken);
        }

        await context.Announce(new ContractReconciled { ContractId = saga.CorrelationId, DeviceId = saga.DeviceId, TaskId = saga.TaskId, Report = Shown.Divergence(divergence) });
        return divergence;
    }
}
