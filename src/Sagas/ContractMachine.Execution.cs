using ExecutionManager.Contracts.Messages;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>Live, Projected, Reconciled: the heart of the diagram.</summary>
public sealed partial class ContractMachine
{
    private void ConfigureLive()
    {
        During(Live,
            When(Reported).Take().Watch().FindOverrun()
                .On(Verdict.Completed, then => then.End(Completed, TransitionCause.Completed, OutcomeEvidence.Device))
                .On(Verdict.StandsStill, then => Recover(then.BlameUnasked()))
                .On(Verdict.Failed, Recover)
                .If(context => context.Findings().Has(Verdict.ActualsComplete) && context.Saga.Open.Actuals is { Asked: true },
                    then => then.On(Verdict.ActualsComplete, complete => Reconcile(complete, TransitionCause.ActualsComplete)))
                .On(Verdict.ActualsComplete, then => then.ActualsRead().Express()),
            When(Connection).Take()
                .On(Verdict.Failed, Recover)
                .On(Verdict.Lost, then => then.RememberProjection().Move(Projected, TransitionCause.ConnectionLost).WatchOffline())
                .On(Verdict.Connected, then => then.AwaitActuals().On(Verdict.ActualsComplete, complete => complete.ActualsRead().Express())),
            When(Outside).Take()
                .On(Verdict.Failed, Recover),
            When(OtherReported).With(HearOfOther)
                .On(Verdict.Diverged, ReplanForeignWork),
            When(Acknowledged).Take(),
            When(DesireAnswered).Take()
                .On(Verdict.Failed, Recover),
            When(Deadline).Judge()
                .On(DeadlineKind.Command, then => then.Repeat().On(Verdict.Failed, Recover))
                .On(DeadlineKind.Actuals, then => then.ConcludeActuals()
                    .On(Verdict.ActualsComplete, complete => Reconcile(complete, TransitionCause.ActualsComplete))
                    .On(Verdict.Failed, Recover))
                .On(DeadlineKind.Stall, then => then.ConcludeStall().On(Verdict.Failed, Recover))
                .On(DeadlineKind.Action, then => then.AskWhetherItRuns())
                .On(DeadlineKind.Window, then => Recover(then.MissWindow())),
            When(CancelAsked, IsMeant).Cancel().With(then => Stop(then, TransitionCause.CancelRequested)),
            When(HoldAsked, IsMeant).Hold().Move(Held, TransitionCause.HoldRequested).ArmHold().Express(),
            When(ReconcileAsked).AskForReconciliation(),
            When(Attested).RefuseReconciliation());
        Ignoring(Live, Submitted, "the broker may redeliver the message that started us");
        Ignoring(Live, ResumeAsked, "it is not held");
        IgnoringLateAnswers(Live);
    }

    private void ConfigureProjected()
    {
        During(Projected,
            When(Connection).Take()
                .On(Verdict.Failed, Recover)
                .On(Verdict.Lost, then => then.ForgetActuals().WatchOffline())
                .On(Verdict.Connected, then => then.Disarm(DeadlineKind.OfflineUntil).AwaitActuals()
                    .On(Verdict.ActualsComplete, complete => Reconcile(complete, TransitionCause.ActualsComplete))),
            When(Reported).Take()
                .On(Verdict.JournalLost, Recover)
                .On(Verdict.ActualsComplete | Verdict.Completed, then => Reconcile(then, TransitionCause.ActualsComplete)),
            When(Outside).Take().KeepFailure(),
            When(OtherReported).With(HearOfOther),
            When(Acknowledged).Take(),
            When(DesireAnswered).Take()
                .On(Verdict.Failed, Recover),
            When(Deadline).Judge()
                .On(DeadlineKind.OfflineUntil, then => Recover(then.Blame(FailureKind.OfflineTooLong, "no contact for longer than the device may go on alone")))
                .On(DeadlineKind.Actuals, then => then.ConcludeActuals()
                    .On(Verdict.ActualsComplete, complete => Reconcile(complete, TransitionCause.ActualsComplete))
                    .On(Verdict.Failed, Recover))
                .On(DeadlineKind.Command, then => then.Repeat())
                .On(DeadlineKind.Replan, then => then.ForgetReplan())
                .On(DeadlineKind.Window, then => Recover(then.MissWindow())),
            When(Revised).Judge()
                .On(Verdict.DoneByOther, then => Stop(then, TransitionCause.LateEvidence))
                .KeepFailure(),
            When(Kept).Judge(),
            When(NotReplanned).Judge().KeepFailure(),
            When(CancelAsked, IsMeant).Cancel().With(then => Stop(then, TransitionCause.CancelRequested)),
            When(HoldAsked, IsMeant).Hold().Move(Held, TransitionCause.HoldRequested).ArmHold().Express(),
            When(ReconcileAsked).JoinReconciliation(),
            When(Attested).Attest()
                .On(Verdict.Attested, then => then.StoreReport().Move(Reconciled, TransitionCause.Attested).IfElse(
                    context => context.Saga.Execution.IsCompleted,
                    done => done.End(Completed, TransitionCause.Attested, OutcomeEvidence.Operator),
                    open => open.RememberProjection().Move(Projected, TransitionCause.Attested).WatchOffline())));
        Ignoring(Projected, Submitted, "the broker may redeliver the message that started us");
        Ignoring(Projected, ResumeAsked, "it is not held");
        IgnoringLateAnswers(Projected, plan: false);
    }

    private void ConfigureReconciled()
    {
        During(Reconciled,
            When(Kept).Judge()
                .On(Verdict.Outdated, then => then.DropFinished().PushPlan())
                .On(Verdict.RevisionPending, then => then.PushPlan())
                .On(Verdict.Settled, then => GoLive(then, TransitionCause.PlanKept)),
            When(Revised).Judge()
                .On(Verdict.DoneByOther, then => Stop(then, TransitionCause.LateEvidence))
                .On(Verdict.Failed, Recover)
                .On(Verdict.RevisionPending, then => then.PushPlan()),
            When(NotReplanned).Judge()
                .On(Verdict.Failed, Recover),
            When(Acknowledged).Take()
                .On(Verdict.Accepted, then => GoLive(then, TransitionCause.RevisionAccepted))
                .On(Verdict.Outdated, FollowOutdated)
                .On(Verdict.Failed, Recover),
            When(Outside).Take()
                .On(Verdict.Failed, Recover),
            When(OtherReported).With(HearOfOther),
            When(Reported).Take()
                .On(Verdict.Completed, then => then.End(Completed, TransitionCause.Completed, OutcomeEvidence.Device))
                .On(Verdict.StandsStill, then => Recover(then.BlameUnasked()))
                .On(Verdict.Failed, Recover)
                .On(Verdict.Accepted, then => GoLive(then, TransitionCause.RevisionAccepted))
                .On(Verdict.ActualsComplete, then => GoOn(then.StoreReport())),
            When(Connection).Take()
                .On(Verdict.Failed, Recover)
                .On(Verdict.Lost, then => then.RememberProjection().Move(Projected, TransitionCause.ConnectionLost).WatchOffline())
                .On(Verdict.Connected, then => then.AwaitActuals().On(Verdict.ActualsComplete, complete => GoOn(complete.ActualsRead()))),
            When(DesireAnswered).Take()
                .On(Verdict.Failed, Recover),
            When(Deadline).Judge()
                .On(DeadlineKind.Replan, then => Recover(then.Blame(FailureKind.ReplanFailed, "the Planner did not answer in time")))
                .On(DeadlineKind.Accept, then => then.CountAttempts()
                    .On(Verdict.Again, again => again.PushPlan())
                    .On(Verdict.Failed, Recover))
                .On(DeadlineKind.Actuals, then => then.ConcludeActuals()
                    .On(Verdict.Completed, done => done.End(Completed, TransitionCause.Completed, OutcomeEvidence.Device))
                    .On(Verdict.Failed, failed => Recover(failed.If(context => context.Saga.Open.Actuals is not null, read => read.StoreReport())))
                    .On(Verdict.ActualsComplete, complete => GoOn(complete.ActualsRead())))
                .On(DeadlineKind.Command, then => then.Repeat().On(Verdict.Failed, Recover))
                .On(DeadlineKind.Window, then => Recover(then.MissWindow())),
            When(CancelAsked, IsMeant).Cancel().With(then => Stop(then, TransitionCause.CancelRequested)),
            When(HoldAsked, IsMeant).Hold().Move(Held, TransitionCause.HoldRequested).ArmHold().Express(),
            When(ReconcileAsked).AskForReconciliation(),
            When(Attested).RefuseReconciliation());
        Ignoring(Reconciled, Submitted, "the broker may redeliver the message that started us");
        Ignoring(Reconciled, ResumeAsked, "it is not held");
        IgnoringLateAnswers(Reconciled, plan: false);
    }

    /// <summary>The journal is read: what waited for it goes out, unless the device is known to have it since.</summary>
    private EventActivityBinder<ContractState, T> GoOn<T>(EventActivityBinder<ContractState, T> binder) where T : class =>
        binder.IfElse(
            context => context.Saga.Open.Replan is null && context.Saga.AcceptedRevision == context.Saga.Revision,
            then => GoLive(then, TransitionCause.RevisionAccepted),
            then => then.Resend());

    /// <summary>The device is ahead of the new plan: the Planner is asked once more, a plan for a retry loses what is finished.</summary>
    private static EventActivityBinder<ContractState, T> FollowOutdated<T>(EventActivityBinder<ContractState, T> binder) where T : class =>
        binder.IfElse(
            context => context.Saga.Open.PlannerRevision == context.Saga.Revision,
            then => then.HoldForReplan().RequestReplan(),
            then => then.DropFinished().PushPlan());
}
