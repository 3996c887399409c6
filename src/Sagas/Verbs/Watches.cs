using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>What is watched in each state, and what a deadline that fires comes to.</summary>
internal static class Watches
{
    /// <summary>Applies verbs that are shared by several branches.</summary>
    public static EventActivityBinder<ContractState, T> With<T>(
        this EventActivityBinder<ContractState, T> binder, Func<EventActivityBinder<ContractState, T>, EventActivityBinder<ContractState, T>> then)
        where T : class => then(binder);

    /// <summary>Connected: an action that runs is watched for its end, a device that runs none for its start.</summary>
    public static EventActivityBinder<ContractState, T> Watch<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            var (saga, work) = (context.Saga, context.Work());
            if (saga.AcceptedRevision == 0 || saga.Execution.IsEnded)
            {
                return;
            }

            var plan = await context.Plan(saga.AcceptedRevision);
            await context.WatchWindow(plan);
            if (Waits.ActionDueAt(plan, saga.Execution, work.Now) is { } dueAt)
            {
                await context.Disarm(DeadlineKind.Stall);
                await context.ArmAt(DeadlineKind.Action, dueAt > work.Now ? dueAt : work.Now + work.Settings.Command);
            }
            else
            {
                await context.Disarm(DeadlineKind.Action);
                await context.ArmAt(DeadlineKind.Stall, Waits.StallDueAt(plan, work.Now, work.Settings.Stall));
            }
        });

    /// <summary>Offline: the wait ends when the lease does.</summary>
    public static EventActivityBinder<ContractState, T> WatchOffline<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            var (saga, work) = (context.Saga, context.Work());
            var plan = await context.Plan(Math.Max(saga.AcceptedRevision, 1));
            var device = await work.Records.Device(saga.DeviceId, context.CancellationToken);
            var lease = await work.Records.Lease(saga.CorrelationId, context.CancellationToken);
            await context.ArmAt(DeadlineKind.OfflineUntil, Leases.OfflineUntil(
                device.Connection?.Lease ?? LeaseCapability.Enforced, lease?.SafeToReassignAt,
                device.Connection?.LostAt ?? work.Now, plan.Scope.OfflineAllowance));
            await context.WatchWindow(plan);
        });

    /// <summary>Keeps what the projection is made from at the moment of the loss, so that it can be compared with what really happened.</summary>
    public static EventActivityBinder<ContractState, T> RememberProjection<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            var saga = context.Saga;
            var work = context.Work();
            var basis = await Estimates.Basis(saga, await context.Plan(saga.AcceptedRevision), work.Records, work.Now, context.CancellationToken);
            // The grace is over by now; what was shown may be wrong since the loss.
            var connection = (await work.Records.Device(saga.DeviceId, context.CancellationToken)).Connection;
            var lostAt = connection is { Connected: false, LostAt: { } lost } && lost < work.Now ? lost : work.Now;
            saga.Open = saga.Open with { Frozen = new FrozenBasis(basis.Execution, basis.EvidenceAt, basis.Progress, basis.LeaseEnd, basis.FreeFrom, lostAt) };
        });

    public static EventActivityBinder<ContractState, T> ForgetActuals<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            context.Saga.Open = context.Saga.Open with { Actuals = null, GivenUp = null };
            await context.Disarm(DeadlineKind.Actuals);
            await context.Disarm(DeadlineKind.Command);
        });

    /// <summary>The Planner stayed silent while the device was away: it is asked anew when the actuals are here.</summary>
    public static EventActivityBinder<ContractState, T> ForgetReplan<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.Then(context => context.Saga.Open = context.Saga.Open with { Replan = null });

    /// <summary>The actuals are read: what waited for them may go out.</summary>
    public static EventActivityBinder<ContractState, T> ActualsRead<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            context.Saga.Open = context.Saga.Open with { Actuals = null };
            await context.Disarm(DeadlineKind.Actuals);
        });

    /// <summary>Sends the plan again when a revision is under way, else the desire.</summary>
    public static EventActivityBinder<ContractState, T> Resend<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(context => context.Saga.Revision > context.Saga.AcceptedRevision && context.Saga.Open.Replan is null
            ? context.PushPlan(counted: false)
            : context.Express());

    /// <summary>Repeats what is unanswered: the request for a report, or the desire. Run or hold unanswered too often is a fault of the device.</summary>
    public static EventActivityBinder<ContractState, DeadlineReached> Repeat(this EventActivityBinder<ContractState, DeadlineReached> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, work) = (context.Saga, context.Work());
            if (!saga.Connected)
            {
                // It goes out at the connect; a stop without a lease to wait for waits for nothing else.
                if (saga.Deadlines.ByKind.IsEmpty)
                {
                    await context.ArmIn(DeadlineKind.Command, work.Settings.Command);
                }

                return;
            }

            if (saga.Open.Actuals is { } awaited)
            {
                saga.Open = saga.Open with { Actuals = awaited with { Asked = true } };
                await context.AskForReport();
                await context.ArmIn(DeadlineKind.Command, work.Settings.Command);
            }

            if (saga.IsObeyed || saga.RunsWithPush || saga.RunsAfterJournal)
            {
                return;   // nothing was said that is unanswered
            }

            saga.Open = saga.Open with { CommandAttempts = saga.Open.CommandAttempts + 1 };
            if (saga.Intent != Intent.Stop && saga.Open.CommandAttempts == 4)
            {
                context.Blame(FailureKind.DeviceFault, $"the device does not answer to {saga.Intent.Word()}");
                await context.ArmIn(DeadlineKind.Command, work.Settings.Command);   // where the state stays, it goes on
                return;
            }

            // A device answers an intentVersion once: if that answer was lost, only a snapshot tells.
            await context.Express();
            await context.AskForReport();
        });

    public static EventActivityBinder<ContractState, DeadlineReached> CountAttempts(this EventActivityBinder<ContractState, DeadlineReached> binder) =>
        binder.Then(context =>
        {
            if (context.Saga.Open.Attempts < context.Work().Settings.AcceptAttempts)
            {
                context.Findings().Add(Verdict.Again);
            }
            else
            {
                context.Blame(FailureKind.AcceptTimeout, $"no evidence of acceptance after {context.Saga.Open.Attempts} attempts");
            }
        });

    /// <summary>The actuals are overdue: a missing range is given up and what follows is applied, or the wait ends.</summary>
    public static EventActivityBinder<ContractState, DeadlineReached> ConcludeActuals(this EventActivityBinder<ContractState, DeadlineReached> binder) =>
        binder.ThenAsync(async context =>
        {
            var saga = context.Saga;
            if (saga.Open.Gap is not null)
            {
                if (saga.Connected || saga.Open.Actuals is not null)
                {
                    await context.GiveUpGap();
                }

                return;
            }

            saga.Open = saga.Open with { Actuals = null, GivenUp = saga.Open.Actuals };
            await context.FailReconciliations();
            context.Blame(FailureKind.ReconciliationTimeout, "the device is back, but its actuals did not come in time");
        });

    /// <summary>No action runs: a failure only when it is this contract's turn and the device is connected.</summary>
    public static EventActivityBinder<ContractState, DeadlineReached> ConcludeStall(this EventActivityBinder<ContractState, DeadlineReached> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, work) = (context.Saga, context.Work());
            var candidates = await work.Records.Candidates(saga.DeviceId, context.CancellationToken);
            if (Turns.Next(candidates, work.Now) == saga.CorrelationId && saga.Execution.Running is null or { Status: ActionStatus.Paused })
            {
                context.Blame(FailureKind.Stalled, "it is this contract's turn, but the device runs no action of it");
                return;
            }

            await context.ArmIn(DeadlineKind.Stall, work.Settings.Stall);
        });

    /// <summary>The running action takes longer than its maximum: a report has to confirm it.</summary>
    public static EventActivityBinder<ContractState, DeadlineReached> AskWhetherItRuns(this EventActivityBinder<ContractState, DeadlineReached> binder) =>
        binder.ThenAsync(async context =>
        {
            await context.AskForReport();
            await context.ArmIn(DeadlineKind.Action, context.Work().Settings.Command);
        });

    /// <summary>The device itself says that an action runs which should be over.</summary>
    public static EventActivityBinder<ContractState, ExecutionReported> FindOverrun(this EventActivityBinder<ContractState, ExecutionReported> binder) =>
        binder.ThenAsync(async context =>
        {
            var saga = context.Saga;
            if (context.Message.Snapshot is not null && saga.Open.Snapshot is { } seen && saga.Execution.Running is { } running
                && seen.Snapshot.Actions.TryGetValue(running.ActionId, out var action) && action.Status == ActionStatus.Running
                && Waits.IsOverdue(await context.Plan(saga.AcceptedRevision), saga.Execution, seen.Snapshot.At))
            {
                context.Blame(FailureKind.ActionTimeout, $"{running.ActionId} runs longer than its maximum");
            }
        });

    public static EventActivityBinder<ContractState, DeadlineReached> MissWindow(this EventActivityBinder<ContractState, DeadlineReached> binder) =>
        binder.Then(context =>
        {
            context.Saga.Open = context.Saga.Open with { WindowMissedRevision = context.Saga.Revision };
            context.Blame(FailureKind.WindowMissed, "notAfter has passed and the contract is not completed");
        });

    public static async Task WatchWindow(this BehaviorContext<ContractState> context, Contract plan)
    {
        var saga = context.Saga;
        if (plan.Scope.NotAfter is { } notAfter && saga.Open.WindowMissedRevision < saga.Revision && saga.Deadlines.Of(DeadlineKind.Window)?.At != notAfter)
        {
            await context.ArmAt(DeadlineKind.Window, notAfter);
        }
    }
}
