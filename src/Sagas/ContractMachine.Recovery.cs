using ExecutionManager.Contracts.Messages;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>What happens when a contract does not go as planned, and how it ends.</summary>
public sealed partial class ContractMachine
{
    private void ConfigureRecovering()
    {
        During(Recovering,
            When(Decided).Judge().With(FollowDecision),
            When(Deadline).Judge()
                .On(DeadlineKind.Policy, then => then.AskAgain().With(FollowFallback))
                .On(DeadlineKind.Retry, then => then.CarryOut().With(FollowDecision))
                .On(DeadlineKind.Actuals, then => Hear(then.ConcludeActuals(), FollowLateTruth))
                .On(DeadlineKind.Command, then => then.Repeat().RecordFurther()),
            When(Reported).Take().With(then => Hear(then, FollowLateTruth)).With(HearOfAcceptance),
            When(Outside).Take().RecordFurther(),
            When(OtherReported).With(HearOfOther),
            When(Acknowledged).Take().RecordFurther().With(HearOfAcceptance),
            When(Connection).Take().RecordFurther()
                .On(Verdict.Lost, then => then.ForgetActuals())
                .On(Verdict.Connected, then => ReadActuals(then, FollowLateTruth))
                .With(HearOfAcceptance),
            When(DesireAnswered).Take().RecordFurther(),
            When(CancelAsked, IsMeant).Cancel().With(then => Stop(then, TransitionCause.CancelRequested)),
            When(HoldAsked, IsMeant).Hold().Move(Held, TransitionCause.HoldRequested).ArmHold().Express(),
            When(ReconcileAsked).AskForReconciliation(),
            When(Attested).Attest().On(Verdict.Attested, StoreAttested));
        Ignoring(Recovering, Submitted, "the broker may redeliver the message that started us");
        Ignoring(Recovering, ResumeAsked, "it is not held");
        IgnoringLateAnswers(Recovering, decision: false);
    }

    /// <summary>The device speaks while somebody decides about it: completed is completed, a stop that was waited for is
    /// confirmed, another failure is kept with the open one.</summary>
    private EventActivityBinder<ContractState, T> Hear<T>(
        EventActivityBinder<ContractState, T> binder, Func<EventActivityBinder<ContractState, T>, EventActivityBinder<ContractState, T>> complete) where T : class =>
        binder
            .On(Verdict.Completed, then => then.StoreReport().End(Completed, TransitionCause.Completed, OutcomeEvidence.Device))
            .With(EndIfStopped)
            .RecordFurther()
            .On(Verdict.ActualsComplete, complete);

    /// <summary>It has accepted, though a failure says that it did not: its actuals tell the rest.</summary>
    private static EventActivityBinder<ContractState, T> HearOfAcceptance<T>(EventActivityBinder<ContractState, T> binder) where T : class =>
        binder.On(Verdict.Accepted, then => then.If(
            context => context.Saga is { Connected: true, Open: { Recovery: not null, Actuals: null } },
            accepted => accepted.ThenAsync(context => context.AwaitActuals(context.Saga.ConnectionEpoch, null, ask: true, returned: false))));

    /// <summary>A failure concluded from silence is withdrawn when the actuals come first; another keeps its recovery.</summary>
    private EventActivityBinder<ContractState, T> FollowLateTruth<T>(EventActivityBinder<ContractState, T> binder) where T : class =>
        binder.IfElse(
            context => Recoveries.IsWithdrawn(context.Saga),
            then => Reconcile(then.Withdraw(), TransitionCause.Withdrawn),
            then => then.StoreReport().Express());

    /// <summary>The device is back: what may go out goes out, what must wait for its journal waits.</summary>
    private static EventActivityBinder<ContractState, ConnectionChanged> ReadActuals(
        EventActivityBinder<ContractState, ConnectionChanged> binder,
        Func<EventActivityBinder<ContractState, ConnectionChanged>, EventActivityBinder<ContractState, ConnectionChanged>> complete) =>
        binder
            .If(context => context.Saga.AcceptedRevision > 0, then => then.AwaitActuals())
            .IfElse(context => context.Findings().Has(Verdict.ActualsComplete), then => then.On(Verdict.ActualsComplete, complete), then => then.Express());

    private EventActivityBinder<ContractState, T> FollowDecision<T>(EventActivityBinder<ContractState, T> binder) where T : class =>
        binder
            .On(Verdict.RetryData, then => then.Move(Preparing, TransitionCause.Decided).RequestData())
            .On(Verdict.Retry, then => then.Move(Reconciled, TransitionCause.Decided).PushPlan())
            .On(Verdict.RetryFirst | Verdict.RetryLater, then => Await(then, TransitionCause.Decided))
            .With(FollowFallback);

    private EventActivityBinder<ContractState, T> FollowFallback<T>(EventActivityBinder<ContractState, T> binder) where T : class =>
        binder
            .IfElse(context => context.Findings().Has(Verdict.Fallback),
                then => FollowStop(then, TransitionCause.Fallback),
                then => FollowStop(then, TransitionCause.Decided));

    private EventActivityBinder<ContractState, T> FollowStop<T>(EventActivityBinder<ContractState, T> binder, TransitionCause cause) where T : class =>
        binder
            .On(Verdict.Hold, then => then.Move(Held, cause).ArmHold().Express())
            .On(Verdict.Escalate, then => then.Move(Escalated, cause).Escalate())
            .On(Verdict.Abort | Verdict.Reassign, then => Stop(then, cause));

    private void ConfigureHeld()
    {
        During(Held,
            When(ResumeAsked, IsMeant).Resume()
                .With(then => FollowRelease(then, TransitionCause.Resumed)),
            When(Deadline).Judge()
                .On(DeadlineKind.Hold, then => then.EndHold()
                    .On(Verdict.Failed, Recover)
                    .With(released => FollowRelease(released, TransitionCause.HoldEnded)))
                .On(DeadlineKind.Actuals, then => Hear(then.ConcludeActuals(), StoreHeld))
                .On(DeadlineKind.Command, then => then.Repeat().RecordFurther()),
            When(Reported).Take().With(then => Hear(then, StoreHeld)).With(HearOfAcceptance),
            When(Outside).Take().RecordFurther(),
            When(OtherReported).With(HearOfOther),
            When(Acknowledged).Take().RecordFurther().With(HearOfAcceptance),
            When(DesireAnswered).Take().RecordFurther(),
            When(Connection).Take().RecordFurther()
                .On(Verdict.Lost, then => then.ForgetActuals())
                .On(Verdict.Connected, then => ReadActuals(then, complete => StoreHeld(complete).Express()))
                .With(HearOfAcceptance),
            When(DataProvided).Take(),
            When(Revised).Judge()
                .On(Verdict.DoneByOther, then => Stop(then, TransitionCause.LateEvidence))
                .KeepFailure(),
            When(Kept).Judge()
                .On(Verdict.Outdated, then => then.DropFinished()),
            When(NotReplanned).Judge().KeepFailure(),
            When(CancelAsked, IsMeant).Cancel().With(then => Stop(then, TransitionCause.CancelRequested)),
            When(HoldAsked, IsMeant).Hold().ArmHold(),
            When(ReconcileAsked).AskForReconciliation(),
            When(Attested).Attest().On(Verdict.Attested, StoreAttested));
        Ignoring(Held, Submitted, "the broker may redeliver the message that started us");
        Ignoring(Held, DataRefused, "asked again on resume: the data request is still open");
        IgnoringLateAnswers(Held, data: false, plan: false);
    }

    /// <summary>The actuals are here while it is held: a failure concluded from silence that nobody has decided about is over.</summary>
    private static EventActivityBinder<ContractState, T> StoreHeld<T>(EventActivityBinder<ContractState, T> binder) where T : class =>
        binder.If(context => Recoveries.IsWithdrawn(context.Saga), then => then.Withdraw()).StoreReport();

    /// <summary>What was open before the hold goes on.</summary>
    private EventActivityBinder<ContractState, T> FollowRelease<T>(EventActivityBinder<ContractState, T> binder, TransitionCause cause) where T : class =>
        binder
            .On(Verdict.ToRecovering, then => then.Move(Recovering, cause).ConsultPolicy())
            .On(Verdict.ToPreparing, then => then.Move(Preparing, cause).RequestData())
            .On(Verdict.ToAwaitingConnection, then => Await(then, cause))
            .On(Verdict.ToLive, then => GoLive(then, cause))
            .On(Verdict.ToProjected, then => then.RememberProjection().Move(Projected, cause).IfElse(
                context => context.Saga.Connected, back => back.AskForActuals(), away => away.WatchOffline()));

    private void ConfigureEscalated()
    {
        During(Escalated,
            When(Resolved, IsMeant).Judge()
                .With(EndIfStopped)
                .With(FollowDecision),
            When(Deadline).Judge()
                .On(DeadlineKind.Escalation, then => then.Remind())
                .On(DeadlineKind.Actuals, then => Hear(then.ConcludeActuals(), Replans.StoreReport))
                .On(DeadlineKind.Command, then => then.Repeat().RecordFurther()),
            When(Reported).Take().With(then => Hear(then, Replans.StoreReport)),
            When(Outside).Take().RecordFurther(),
            When(OtherReported).Take().RecordFurther(),
            When(Acknowledged).Take()
                .With(EndIfStopped)
                .RecordFurther(),
            When(DesireAnswered).Take()
                .With(EndIfStopped)
                .RecordFurther(),
            When(Connection).Take()
                .With(EndIfStopped)
                .RecordFurther()
                .On(Verdict.Lost, then => then.ForgetActuals())
                .On(Verdict.Connected, then => ReadActuals(then, complete => complete.StoreReport().Express())),
            When(CancelAsked, IsMeant).Cancel().With(then => Stop(then, TransitionCause.CancelRequested)),
            When(ReconcileAsked).AskForReconciliation(),
            When(Attested).Attest().On(Verdict.Attested, StoreAttested));
        Ignoring(Escalated, Submitted, "the broker may redeliver the message that started us");
        Ignoring(Escalated, HoldAsked, "an operator is asked to decide, and the device is told to hold until then");
        Ignoring(Escalated, ResumeAsked, "it is not held");
        IgnoringLateAnswers(Escalated, resolution: false);
    }

    /// <summary>The stop that an escalation waited for is confirmed: the outcome was kept.</summary>
    private EventActivityBinder<ContractState, T> EndIfStopped<T>(EventActivityBinder<ContractState, T> binder) where T : class =>
        binder.If(context => context.Saga.Open.Stop is not null, then => then.On(Verdict.StandsStill, EndStopped));

    private void ConfigureStopping()
    {
        During(Stopping,
            When(Reported).Take()
                .On(Verdict.Completed, then => then.End(Completed, TransitionCause.Completed, OutcomeEvidence.Device))
                .On(Verdict.StandsStill, EndStopped),
            When(DesireAnswered).Take()
                .On(Verdict.StandsStill, EndStopped),
            When(Connection).Take()
                .On(Verdict.StandsStill, EndStopped)
                .On(Verdict.Connected, then => then.Express()),
            When(Acknowledged).Take()
                .On(Verdict.StandsStill, EndStopped)
                .On(Verdict.Accepted, then => then.Express()),
            When(Deadline).Judge()
                .On(DeadlineKind.Actuals, then => then.ConcludeActuals()
                    .On(Verdict.Completed, done => done.End(Completed, TransitionCause.Completed, OutcomeEvidence.Device))
                    .On(Verdict.StandsStill, EndStopped))
                .On(DeadlineKind.Command, then => then.Repeat())
                .On(DeadlineKind.OfflineUntil, then => then.ConcludeLease()
                    .On(Verdict.StandsStill, ended => EndAsKept(ended, TransitionCause.StoppedStill, OutcomeEvidence.LeaseEnd))
                    .On(Verdict.Escalate, unknown => unknown.Move(Escalated, TransitionCause.Failure).Escalate())),
            When(OtherReported).PassOn(),
            When(CancelAsked, IsMeant).Cancel(),
            When(ReconcileAsked).RefuseReconciliation(),
            When(Attested).RefuseReconciliation());
        Ignoring(Stopping, Submitted, "the broker may redeliver the message that started us");
        Ignoring(Stopping, HoldAsked, "it is being stopped");
        Ignoring(Stopping, ResumeAsked, "it is being stopped");
        Ignoring(Stopping, Outside, "it is being stopped");
        IgnoringLateAnswers(Stopping);
    }

    private void ConfigureTerminal()
    {
        foreach (var state in new[] { Completed, Cancelled, Aborted, Reassigned })
        {
            During(state,
                When(Reported).Take().RecordLate().StopUnfinished(),
                When(Deadline).Judge()
                    .On(DeadlineKind.Actuals, then => then.GiveUpGap().On(Verdict.ActualsComplete, read => read.RecordLate().StopUnfinished()))
                    .On(DeadlineKind.Reassignment, then => then.RepeatReassignment()),
                When(Appointed).Follow(),
                When(OtherReported).PassOn(),
                When(Connection).Take().AwaitMissing().StopUnfinished(),
                When(Acknowledged).Take().StopUnfinished(),
                When(ReconcileAsked).RefuseReconciliation(),
                When(Attested).RefuseReconciliation());
            Ignoring(state, Submitted, "the broker may redeliver the message that started us");
            Ignoring(state, Outside, "it is over");
            Ignoring(state, DesireAnswered, "the outcome is known");
            Ignoring(state, CancelAsked, "the outcome never changes");
            Ignoring(state, HoldAsked, "the outcome never changes");
            Ignoring(state, ResumeAsked, "the outcome never changes");
            IgnoringLateAnswers(state);
        }
    }
}
