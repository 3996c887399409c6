using ExecutionManager.Contracts.Messages;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>From submission to acceptance.</summary>
public sealed partial class ContractMachine
{
    private void ConfigurePreparing()
    {
        Initially(
            When(Submitted)
                .Begin()
                .On(Verdict.Completed, then => then.End(Completed, TransitionCause.Completed, OutcomeEvidence.Device))
                .On(Verdict.RetryData, then => then.Move(Preparing, TransitionCause.Submitted).RequestData())
                .On(Verdict.DataComplete, then => Await(then, TransitionCause.Submitted)));

        During(Preparing,
            When(DataProvided).Take()
                .On(Verdict.Failed, Recover)
                .On(Verdict.DataComplete, then => Await(then, TransitionCause.DataComplete)),
            When(DataRefused).Take()
                .On(Verdict.Failed, Recover),
            When(Deadline).Judge()
                .On(DeadlineKind.Window, then => Recover(then.MissWindow()))
                .On(DeadlineKind.Data, then => Recover(then.Blame(FailureKind.DataUnavailable, "the data that was asked for did not come in time"))),
            When(Connection).Take(),
            When(OtherReported).With(HearOfOther),
            When(Acknowledged).Take(),
            When(DesireAnswered).Take(),
            When(Reported).Take()
                .On(Verdict.Completed, then => then.End(Completed, TransitionCause.Completed, OutcomeEvidence.Device)),
            When(CancelAsked, IsMeant).Cancel().With(then => Stop(then, TransitionCause.CancelRequested)),
            When(HoldAsked, IsMeant).Hold().Move(Held, TransitionCause.HoldRequested).ArmHold(),
            When(ReconcileAsked).RefuseReconciliation(),
            When(Attested).RefuseReconciliation());
        Ignoring(Preparing, Submitted, "the broker may redeliver the message that started us");
        Ignoring(Preparing, ResumeAsked, "it is not held");
        Ignoring(Preparing, Outside, "its position is looked at again once a plan is in force");
        IgnoringLateAnswers(Preparing, data: false);
    }

    private void ConfigureAwaitingConnection()
    {
        During(AwaitingConnection,
            When(Connection).Take()
                .On(Verdict.Failed, Recover)
                .On(Verdict.Accepted, Project)
                .On(Verdict.Connected, Connect),
            When(Acknowledged).Take()
                .On(Verdict.Accepted, then => then.Move(Projected, TransitionCause.Accepted).WatchOffline()),
            When(Reported).Take()
                .On(Verdict.Completed, then => Reconcile(then.Move(Projected, TransitionCause.Accepted), TransitionCause.ActualsComplete))
                .On(Verdict.Accepted, then => then.Move(Projected, TransitionCause.Accepted).WatchOffline()),
            When(OtherReported).With(HearOfOther),
            When(DesireAnswered).Take(),
            When(Deadline).Judge()
                .On(DeadlineKind.Window, then => Recover(then.MissWindow()))
                .On(DeadlineKind.Push, then => Recover(then.Blame(FailureKind.DeviceUnreachable, "connectivity was not confirmed in time")))
                .On(DeadlineKind.Command, then => then.LookForDevice().On(Verdict.Connected, Connect)),
            When(CancelAsked, IsMeant).Cancel().With(then => Stop(then, TransitionCause.CancelRequested)),
            When(HoldAsked, IsMeant).Hold().Move(Held, TransitionCause.HoldRequested).ArmHold().Express(),
            When(ReconcileAsked).RefuseReconciliation(),
            When(Attested).RefuseReconciliation());
        Ignoring(AwaitingConnection, Submitted, "the broker may redeliver the message that started us");
        Ignoring(AwaitingConnection, ResumeAsked, "it is not held");
        Ignoring(AwaitingConnection, Outside, "its position is looked at again once a plan is in force");
        IgnoringLateAnswers(AwaitingConnection);
    }

    private void ConfigurePushing()
    {
        During(Pushing,
            When(Acknowledged).Take()
                .On(Verdict.Accepted, then => GoLive(then, TransitionCause.Accepted))
                .On(Verdict.Outdated, then => then.DropFinished().PushPlan())
                .On(Verdict.Failed, Recover),
            When(Reported).Take()
                .On(Verdict.Completed, then => then.End(Completed, TransitionCause.Completed, OutcomeEvidence.Device))
                .On(Verdict.Failed, Recover)
                .On(Verdict.Accepted, then => GoLive(then, TransitionCause.Accepted)),
            When(Connection).Take()
                .On(Verdict.Accepted, Project)
                .On(Verdict.Lost, then => Await(then, TransitionCause.ConnectionLost))
                .On(Verdict.Connected, then => then.PushPlan(counted: false)),
            When(OtherReported).With(HearOfOther),
            When(DesireAnswered).Take(),
            When(Deadline).Judge()
                .On(DeadlineKind.Window, then => Recover(then.MissWindow()))
                .On(DeadlineKind.Accept, then => then.CountAttempts()
                    .On(Verdict.Again, again => again.PushPlan())
                    .On(Verdict.Failed, Recover)),
            When(CancelAsked, IsMeant).Cancel().With(then => Stop(then, TransitionCause.CancelRequested)),
            When(HoldAsked, IsMeant).Hold().Move(Held, TransitionCause.HoldRequested).ArmHold().Express(),
            When(ReconcileAsked).RefuseReconciliation(),
            When(Attested).RefuseReconciliation());
        Ignoring(Pushing, Submitted, "the broker may redeliver the message that started us");
        Ignoring(Pushing, ResumeAsked, "it is not held");
        Ignoring(Pushing, Outside, "its position is looked at again once a plan is in force");
        IgnoringLateAnswers(Pushing);
    }

    /// <summary>Waits for the device, and pushes at once when it is there.</summary>
    private EventActivityBinder<ContractState, T> Await<T>(EventActivityBinder<ContractState, T> binder, TransitionCause cause) where T : class =>
        binder.Move(AwaitingConnection, cause).Seek().On(Verdict.Connected, Connect);

    /// <summary>Connectivity is confirmed: a contract accepted before waits for its actuals, another is pushed.</summary>
    private EventActivityBinder<ContractState, T> Connect<T>(EventActivityBinder<ContractState, T> binder) where T : class =>
        binder.IfElse(
            context => context.Saga.AcceptedRevision > 0,
            then => then.Move(Projected, TransitionCause.ConnectionConfirmed).AskForActuals(),
            then => then.Move(Pushing, TransitionCause.ConnectionConfirmed).PushPlan());

    /// <summary>A push in doubt did arrive: what happened since is projected until the actuals are complete.</summary>
    private EventActivityBinder<ContractState, ConnectionChanged> Project(EventActivityBinder<ContractState, ConnectionChanged> binder) =>
        binder.Move(Projected, TransitionCause.Accepted).IfElse(
            context => context.Saga.Connected,
            then => then.AwaitActuals().On(Verdict.ActualsComplete, complete => Reconcile(complete, TransitionCause.ActualsComplete)),
            then => then.WatchOffline());
}
