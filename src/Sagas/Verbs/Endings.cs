using System.Text.Json.Nodes;
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

    public static EventActivityBinder<ContractState, CancelContract> Cancel(this EventActivityBinder<ContractState, CancelContract> binder) =>
        binder.Then(context =>
        {
            context.Asked(context.Message.Reason, context.Message.RequestedBy);
            context.StopFor(ContractStatus.Cancelled, context.Message.Reason);
        });

    /// <summary>Who asked for what comes now, for the history.</summary>
    public static void Asked(this BehaviorContext<ContractState> context, string reason, string by)
    {
        var evidence = context.Findings().Evidence;
        (evidence["reason"], evidence["requestedBy"]) = (reason, by);
    }

    public static EventActivityBinder<ContractState, ResumeContract> Resume(this EventActivityBinder<ContractState, ResumeContract> binder) =>
        binder.Then(context => context.Asked(context.Message.Reason, context.Message.RequestedBy)).Release();

    /// <summary>The outcome that a stop leads to: cancel outranks abort, and that reassign.</summary>
    public static void StopFor(this BehaviorContext<ContractState> context, ContractStatus outcome, string? reason, IReadOnlyList<string>? excludeDevices = null)
    {
        ContractStatus[] ranks = [ContractStatus.Cancelled, ContractStatus.Aborted, ContractStatus.Reassigned];
        var saga = context.Saga;
        if (saga.Open.Stop is not { } kept || Array.IndexOf(ranks, outcome) < Array.IndexOf(ranks, kept.Outcome))
        {
            saga.Open = saga.Open with { Stop = new OpenStop(outcome, reason, excludeDevices) };
        }
    }

    /// <summary>What was never pushed stands still already, and so does what an operator says stands still; another is
    /// stopped, at the latest by the end of an enforced lease. Without one a person is asked when no answer comes.</summary>
    public static EventActivityBinder<ContractState, T> PrepareStop<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            var (saga, work) = (context.Saga, context.Work());
            saga.Open = saga.Open with { Recovery = null, Escalation = null, Replan = null, Hold = null, Actuals = null, Failure = null, AlsoFound = [], CommandAttempts = 0 };
            if (saga.SentRevision == 0 || context.Findings().AttestedBy is not null)
            {
                context.Findings().Add(Verdict.StandsStill);
                return;
            }

            if (await context.StillAt() is { } stillAt)
            {
                await context.ArmAt(DeadlineKind.OfflineUntil, stillAt);
            }
            else
            {
                await context.ArmIn(DeadlineKind.OfflineUntil, Waits.StopAnswer(work.Settings.Command));
            }
        });

    /// <summary>An enforced lease is over, counted from every grant ever committed: the device stands still. Of another
    /// nobody can tell, and a person is asked.</summary>
    public static EventActivityBinder<ContractState, DeadlineReached> ConcludeLease(this EventActivityBinder<ContractState, DeadlineReached> binder) =>
        binder.ThenAsync(async context =>
        {
            var stillAt = await context.StillAt();
            if (stillAt > context.Work().Now)
            {
                await context.ArmAt(DeadlineKind.OfflineUntil, stillAt.Value);
            }
            else if (stillAt is not null)
            {
                context.Findings().Add(Verdict.StandsStill);
            }
            else
            {
                context.Blame(FailureKind.DeviceFault, "the device does not say that it stopped, and no lease ends for it", new JsonObject { ["intentVersion"] = context.Saga.IntentVersion });
                context.Findings().Add(Verdict.Escalate);
            }
        });

    /// <summary>When a device that enforces its lease stands still at the latest; null where time proves nothing.</summary>
    private static async Task<DateTimeOffset?> StillAt(this BehaviorContext<ContractState> context)
    {
        var (saga, work) = (context.Saga, context.Work());
        var device = await work.Records.Device(saga.DeviceId, context.CancellationToken);
        return device.Connection?.Lease == LeaseCapability.Enforced
            ? (await work.Records.Lease(saga.CorrelationId, context.CancellationToken))?.SafeToReassignAt
            : null;
    }

    /// <summary>Ends a hold: a failure that was open goes on, missing data is asked for, else it goes on where it was. What
    /// the Planner has not settled is looked at again with the actuals.</summary>
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

            var isSettled = saga.Open.Replan is null && (saga.Open.Divergence is not { } found || found.Revision != saga.AcceptedRevision
                || Divergences.CallsForReplan(plan, found, saga.Open.Settled) is null);
            findings.Add(
                plan.DataRequests.Count > 0 ? Verdict.ToPreparing
                : saga.AcceptedRevision == 0 ? Verdict.ToAwaitingConnection
                : saga.Connected && saga.Open is { Actuals: null, GivenUp: null } && saga.Revision == saga.AcceptedRevision && isSettled ? Verdict.ToLive
                : Verdict.ToProjected);
        });

    /// <summary>A hold is over by its own time; one without an end becomes a failure, unless one waits for the release.</summary>
    public static EventActivityBinder<ContractState, DeadlineReached> EndHold(this EventActivityBinder<ContractState, DeadlineReached> binder) =>
        binder.IfElse(
            context => context.Saga.Open is { Hold.Until: null, Failure: null },
            then => then.Blame(FailureKind.HoldTooLong, "held for longer than MaxHold"),
            then => then.Release());

    /// <summary>The failure was concluded from silence, and the truth came first. What was found beside it, and is known, stays.</summary>
    public static EventActivityBinder<ContractState, T> Withdraw<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.Then(context =>
        {
            var known = context.Saga.Open.Recovery!.Further.Where(one => one.Certainty == Certainty.Confirmed);
            context.Saga.Open = context.Saga.Open with { Recovery = null, GivenUp = null };
            foreach (var one in known)
            {
                context.Keep(one);
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
