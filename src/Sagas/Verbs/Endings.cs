using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>Holds, manual reconciliation, stops, and what still comes after the end.</summary>
internal static class Endings
{
    /// <summary>Asks the device for its journal and a snapshot; the same path then judges them.</summary>
    public static EventActivityBinder<ContractState, ReconcileContract> AskForReconciliation(this EventActivityBinder<ContractState, ReconcileContract> binder) =>
        binder.ThenAsync(async context =>
        {
            var saga = context.Saga;
            if (!saga.Connected || saga.AcceptedRevision == 0)
            {
                await context.RefuseReconciliation();
                return;
            }

            await context.JoinReconciliation();
            await context.AwaitActuals(saga.ConnectionEpoch, null, ask: true, returned: false);
        });

    /// <summary>A reconciliation is under way already: its report answers this request as well.</summary>
    public static EventActivityBinder<ContractState, ReconcileContract> JoinReconciliation(this EventActivityBinder<ContractState, ReconcileContract> binder) =>
        binder.ThenAsync(context => context.Saga.Connected ? context.JoinReconciliation() : context.RefuseReconciliation());

    public static EventActivityBinder<ContractState, T> RefuseReconciliation<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(context => context.RefuseReconciliation());

    /// <summary>The outcome that a stop leads to; cancel outranks abort.</summary>
    public static EventActivityBinder<ContractState, T> Outcome<T>(this EventActivityBinder<ContractState, T> binder, ContractStatus outcome)
        where T : class =>
        binder.Then(context =>
        {
            var saga = context.Saga;
            if (saga.Open.Stop?.Outcome != ContractStatus.Cancelled)
            {
                var reason = (context.Message as CancelContract)?.Reason ?? saga.Open.Stop?.Reason;
                saga.Open = saga.Open with { Stop = new OpenStop(outcome, reason) };
            }
        });

    /// <summary>What was never pushed stands still already; another is stopped, at the latest by the end of an enforced lease.</summary>
    public static EventActivityBinder<ContractState, T> PrepareStop<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            var (saga, work) = (context.Saga, context.Work());
            saga.Open = saga.Open with { Recovery = null, Replan = null, Hold = null, Actuals = null, Failure = null, CommandAttempts = 0 };
            if (saga.SentRevision == 0)
            {
                context.Findings().Add(Verdict.StandsStill);
                return;
            }

            var lease = await work.Records.Lease(saga.CorrelationId, context.CancellationToken);
            var device = await work.Records.Device(saga.DeviceId, context.CancellationToken);
            if (device.Connection?.Lease == LeaseCapability.Enforced && lease is not null)
            {
                await context.ArmAt(DeadlineKind.OfflineUntil, lease.SafeToReassignAt);
            }
            else
            {
                await context.ArmIn(DeadlineKind.Command, work.Settings.Command);
            }
        });

    /// <summary>An enforced lease is over, counted from every grant ever committed: the device stands still.</summary>
    public static EventActivityBinder<ContractState, DeadlineReached> ConcludeLease(this EventActivityBinder<ContractState, DeadlineReached> binder) =>
        binder.ThenAsync(async context =>
        {
            var work = context.Work();
            var lease = await work.Records.Lease(context.Saga.CorrelationId, context.CancellationToken);
            if (lease is not null && lease.SafeToReassignAt > work.Now)
            {
                await context.ArmAt(DeadlineKind.OfflineUntil, lease.SafeToReassignAt);
                return;
            }

            context.Findings().Add(Verdict.StandsStill);
        });

    /// <summary>Ends a hold: a failure that was open goes on, missing data is asked for, else it goes on where it was.</summary>
    public static EventActivityBinder<ContractState, T> Release<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            var (saga, findings) = (context.Saga, context.Findings());
            saga.Open = saga.Open with { Hold = null };
            var plan = await context.Plan(saga.Revision);
            if (saga.Open.Recovery is not null || saga.Open.Failure is not null)
            {
                if (saga.Open.Failure is { } failure)
                {
                    context.Blame(failure);
                    findings.Verdict = Verdict.None;
                }

                findings.Add(Verdict.ToRecovering);
                return;
            }

            findings.Add(
                plan.DataRequests.Count > 0 ? Verdict.ToPreparing
                : saga.AcceptedRevision == 0 ? Verdict.ToAwaitingConnection
                : saga.Connected && saga.Open.Actuals is null && saga.Revision == saga.AcceptedRevision ? Verdict.ToLive
                : Verdict.ToProjected);
        });

    /// <summary>A hold is over by its own time; one without an end becomes a failure.</summary>
    public static EventActivityBinder<ContractState, DeadlineReached> EndHold(this EventActivityBinder<ContractState, DeadlineReached> binder) =>
        binder
            .If(context => context.Saga.Open.Hold?.Until is null, then => then.Blame(FailureKind.HoldTooLong, "held for longer than MaxHold"))
            .If(context => context.Saga.Open.Hold?.Until is not null, then => then.Release());

    /// <summary>The failure was concluded from silence, and the truth came first.</summary>
    public static EventActivityBinder<ContractState, T> Withdraw<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.Then(context => context.Saga.Open = context.Saga.Open with { Recovery = null });

    /// <summary>After the end the outcome stays; what the device says later is recorded beside it.</summary>
    public static EventActivityBinder<ContractState, ExecutionReported> RecordLate(this EventActivityBinder<ContractState, ExecutionReported> binder) =>
        binder.Then(context =>
        {
            var (saga, work) = (context.Saga, context.Work());
            var late = saga.Execution.IsCompleted ? ContractStatus.Completed : (ContractStatus?)null;
            if (late is { } status && saga.Outcome!.Status != status)
            {
                saga.LateOutcome ??= new ContractOutcome(status, work.Now, OutcomeEvidence.Device, null);
            }
        });

    /// <summary>Whatever a device holds of a contract that is over, and has not ended, is stopped.</summary>
    public static EventActivityBinder<ContractState, T> StopUnfinished<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            var saga = context.Saga;
            context.Findings().Verdict = Verdict.None;
            if (context.Message is ConnectionChanged { Listing: not null })
            {
                await context.AcknowledgeJournal();
            }

            var unfinished = context.Message switch
            {
                ConnectionChanged news => news.Listing is { Status: not (Messages.ExecutionStatus.Completed or Messages.ExecutionStatus.Stopped) },
                ContractAcknowledged ack => ack.Accepted && !saga.Execution.IsEnded,
                _ => !saga.Execution.IsEnded,
            };
            if (unfinished)
            {
                await context.SendStop();
            }
        });

    public static Task JoinReconciliation(this BehaviorContext<ContractState> context)
    {
        var (saga, work) = (context.Saga, context.Work());
        var reconciliation = context.MessageId ?? work.NewId();
        saga.Open = saga.Open with { Reconciliations = saga.Open.Reconciliations.Add(reconciliation) };
        return work.Records.Open(reconciliation, saga.CorrelationId, work.Now, context.CancellationToken);
    }

    /// <summary>The actuals that manual reconciliations wait for will not come.</summary>
    public static async Task FailReconciliations(this BehaviorContext<ContractState> context)
    {
        var (saga, work) = (context.Saga, context.Work());
        foreach (var reconciliation in saga.Open.Reconciliations)
        {
            await work.Records.Close(reconciliation, saga.CorrelationId, null, null, work.Now, context.CancellationToken);
        }

        saga.Open = saga.Open with { Reconciliations = [] };
    }

    public static Task RefuseReconciliation(this BehaviorContext<ContractState> context)
    {
        var work = context.Work();
        return work.Records.Close(context.MessageId ?? work.NewId(), context.Saga.CorrelationId, null, null, work.Now, context.CancellationToken);
    }
}
