using System.Linq.Expressions;
using ExecutionManager.Contracts.Messages;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>
/// The life of one execution contract. States and their exits stand here, one partial file a phase; what a verb does
/// stands in <c>Verbs</c>, and what facts mean is asked of the domain.
/// </summary>
public sealed partial class ContractMachine : MassTransitStateMachine<ContractState>
{
    private readonly Dictionary<(string State, string Event), string> ignored = [];
    private readonly Dictionary<Event, Func<UnhandledEventContext<ContractState>, Task>> again = [];

    public ContractMachine()
    {
        InstanceState(saga => saga.CurrentState);
        Correlate();
        OnUnhandledEvent(StartFirst);

        ConfigurePreparing();
        ConfigureAwaitingConnection();
        ConfigurePushing();
        ConfigureLive();
        ConfigureProjected();
        ConfigureReconciled();
        ConfigureRecovering();
        ConfigureHeld();
        ConfigureEscalated();
        ConfigureStopping();
        ConfigureTerminal();
    }

    public State Preparing { get; private set; } = null!;
    public State AwaitingConnection { get; private set; } = null!;
    public State Pushing { get; private set; } = null!;
    public State Live { get; private set; } = null!;
    public State Projected { get; private set; } = null!;
    public State Reconciled { get; private set; } = null!;
    public State Recovering { get; private set; } = null!;
    public State Held { get; private set; } = null!;
    public State Escalated { get; private set; } = null!;
    public State Stopping { get; private set; } = null!;
    public State Completed { get; private set; } = null!;
    public State Cancelled { get; private set; } = null!;
    public State Aborted { get; private set; } = null!;
    public State Reassigned { get; private set; } = null!;

    public Event<ContractSubmitted> Submitted { get; private set; } = null!;
    public Event<ConnectionChanged> Connection { get; private set; } = null!;
    public Event<DeadlineReached> Deadline { get; private set; } = null!;
    public Event<ContractAcknowledged> Acknowledged { get; private set; } = null!;
    public Event<DesiredAcknowledged> DesireAnswered { get; private set; } = null!;
    public Event<ExecutionReported> Reported { get; private set; } = null!;
    public Event<SpatialDataProvided> DataProvided { get; private set; } = null!;
    public Event<SpatialDataUnavailable> DataRefused { get; private set; } = null!;
    public Event<RecoveryDecided> Decided { get; private set; } = null!;
    public Event<EscalationResolved> Resolved { get; private set; } = null!;
    public Event<PlanRevised> Revised { get; private set; } = null!;
    public Event<PlanKept> Kept { get; private set; } = null!;
    public Event<ReplanFailed> NotReplanned { get; private set; } = null!;
    public Event<SuccessorAppointed> Appointed { get; private set; } = null!;
    public Event<PredecessorReported> OtherReported { get; private set; } = null!;
    public Event<LeftArea> Outside { get; private set; } = null!;
    public Event<CancelContract> CancelAsked { get; private set; } = null!;
    public Event<HoldContract> HoldAsked { get; private set; } = null!;
    public Event<ResumeContract> ResumeAsked { get; private set; } = null!;
    public Event<ReconcileContract> ReconcileAsked { get; private set; } = null!;
    public Event<ActualsAttested> Attested { get; private set; } = null!;

    /// <summary>Why an event says nothing in a state; every ignored cell of the matrix has its reason here.</summary>
    public IReadOnlyDictionary<(string State, string Event), string> Ignored => ignored;

    private void Correlate()
    {
        Correlate(() => Submitted, message => message.ContractId);
        Correlate(() => Connection, message => message.ContractId);
        Correlate(() => Deadline, message => message.ContractId);
        Correlate(() => Acknowledged, message => message.ContractId);
        Correlate(() => DesireAnswered, message => message.ContractId);
        Correlate(() => Reported, message => message.ContractId, e => e.OnMissingInstance(missing => missing.ExecuteAsync(Orphans.Keep)));
        Correlate(() => DataProvided, message => message.ContractId);
        Correlate(() => DataRefused, message => message.ContractId);
        Correlate(() => Decided, message => message.ContractId);
        Correlate(() => Resolved, message => message.ContractId);
        Correlate(() => Appointed, message => message.ContractId);
        Correlate(() => OtherReported, message => message.ContractId);
        Correlate(() => Outside, message => message.ContractId);
        Correlate(() => Revised, message => message.ContractId);
        Correlate(() => Kept, message => message.ContractId);
        Correlate(() => NotReplanned, message => message.ContractId);
        Correlate(() => CancelAsked, message => message.ContractId);
        Correlate(() => HoldAsked, message => message.ContractId);
        Correlate(() => ResumeAsked, message => message.ContractId);
        Correlate(() => ReconcileAsked, message => message.ContractId);
        Correlate(() => Attested, message => message.ContractId);
    }

    private void Correlate<T>(
        Expression<Func<Event<T>>> declared, Func<T, Guid> by, Action<IEventCorrelationConfigurator<ContractState, T>>? further = null)
        where T : class
    {
        Event(declared, e =>
        {
            e.CorrelateById(context => by(context.Message));
            further?.Invoke(e);
        });
        var @event = declared.Compile()();
        again.Add(@event, context => context.TryGetMessage<T>(out var consumed) ? context.Raise(@event, consumed.Message) : context.Throw());
    }

    /// <summary>No order is assumed: whatever reaches a stored contract before the message that starts it, starts it.</summary>
    private async Task StartFirst(UnhandledEventContext<ContractState> context)
    {
        if (context.CurrentState.Name != Initial.Name)
        {
            await context.Throw();
        }

        await context.Raise(Submitted, new ContractSubmitted(context.Saga.CorrelationId));
        await again[context.Event](context);
    }

    /// <summary>An event that says nothing in a state, with the reason why.</summary>
    private void Ignoring<T>(State state, Event<T> @event, string because) where T : class
    {
        ignored.Add((state.Name, @event.Name), because);
        During(state, Ignore(@event));
    }

    /// <summary>An answer that nobody waits for is recorded, and changes nothing.</summary>
    private void IgnoringAnswer<T>(State state, Event<T> @event) where T : class
    {
        const string closed = "it answers a request that is closed";
        ignored.Add((state.Name, @event.Name), closed);
        During(state, When(@event).Then(context => context.RecordIgnored(context.Message, closed)));
    }

    /// <summary>Answers to requests that this state does not know; of a state that is not over nobody is the successor yet.</summary>
    private void IgnoringLateAnswers(State state, bool data = true, bool decision = true, bool plan = true, bool resolution = true)
    {
        if (!Sagas.States.IsTerminal(state.Name))
        {
            Ignoring(state, Appointed, "a task has one contract that is not over: this one has no successor yet");
        }

        if (resolution)
        {
            IgnoringAnswer(state, Resolved);
        }

        if (data)
        {
            IgnoringAnswer(state, DataProvided);
            IgnoringAnswer(state, DataRefused);
        }

        if (decision)
        {
            IgnoringAnswer(state, Decided);
        }

        if (plan)
        {
            IgnoringAnswer(state, Revised);
            IgnoringAnswer(state, Kept);
            IgnoringAnswer(state, NotReplanned);
        }
    }

    /// <summary>A failure becomes a request to the Policy Service.</summary>
    private EventActivityBinder<ContractState, T> Recover<T>(EventActivityBinder<ContractState, T> binder) where T : class =>
        binder.Move(Recovering, TransitionCause.Failure).ConsultPolicy();

    /// <summary>Actuals correct the projection, the difference is judged, and what follows from it is done.</summary>
    private EventActivityBinder<ContractState, T> Reconcile<T>(EventActivityBinder<ContractState, T> binder, TransitionCause cause) where T : class =>
        binder
            .Compare()
            .Move(Reconciled, cause)
            .On(Verdict.Completed, then => then.End(Completed, TransitionCause.Completed, OutcomeEvidence.Device))
            .On(Verdict.Failed, Recover)
            .On(Verdict.Diverged, then => then.RequestReplan())
            .On(Verdict.RevisionPending, then => then.PushPlan())
            .On(Verdict.Settled, then => GoLive(then, TransitionCause.NothingToReplan));

    /// <summary>Where the state stays: an operator's word is stored, and ends a contract only if it says completed.</summary>
    private EventActivityBinder<ContractState, ActualsAttested> StoreAttested(EventActivityBinder<ContractState, ActualsAttested> binder) =>
        binder.StoreReport().If(
            context => context.Saga.Execution.IsCompleted, then => then.End(Completed, TransitionCause.Attested, OutcomeEvidence.Operator));

    private EventActivityBinder<ContractState, T> GoLive<T>(EventActivityBinder<ContractState, T> binder, TransitionCause cause) where T : class =>
        binder.Move(Live, cause).Watch().Express()
            .ThenAsync(async context => context.Findings().Verdict = await context.HasForeignWork() ? Verdict.Diverged : Verdict.None)
            .On(Verdict.Diverged, ReplanForeignWork);

    /// <summary>Another device has done a part of the plan: the Planner says what is left.</summary>
    private EventActivityBinder<ContractState, T> ReplanForeignWork<T>(EventActivityBinder<ContractState, T> binder) where T : class =>
        binder.Move(Reconciled, TransitionCause.LateEvidence)
            .Then(context => context.Findings().Replan = ReplanReason.LateEvidence).RequestReplan();

    /// <summary>Work of another device that is heard of: reconciled with when the actuals are here; a duplicate needs a person.</summary>
    private EventActivityBinder<ContractState, PredecessorReported> HearOfOther(EventActivityBinder<ContractState, PredecessorReported> binder) =>
        binder.Take().RecordFurther()
            .On(Verdict.Escalate, then => then.Move(Escalated, TransitionCause.DuplicateExecution).Escalate());

    /// <summary>Stops the device, or ends at once what was never pushed.</summary>
    private EventActivityBinder<ContractState, T> Stop<T>(EventActivityBinder<ContractState, T> binder, TransitionCause cause) where T : class =>
        binder
            .Move(Stopping, cause)
            .PrepareStop()
            .On(Verdict.StandsStill, EndStopped)
            .Express();

    /// <summary>It stands still, by the device's word or by that of an operator.</summary>
    private EventActivityBinder<ContractState, T> EndStopped<T>(EventActivityBinder<ContractState, T> binder) where T : class =>
        binder.IfElse(
            context => context.Findings().AttestedBy is not null,
            then => EndAsKept(then.Then(context => context.Findings().Evidence["by"] = context.Findings().AttestedBy), TransitionCause.Attested, OutcomeEvidence.Operator),
            then => EndAsKept(then, TransitionCause.StoppedStill, null));

    private EventActivityBinder<ContractState, T> EndAsKept<T>(EventActivityBinder<ContractState, T> binder, TransitionCause cause, OutcomeEvidence? evidence)
        where T : class =>
        binder.IfElse(
            context => context.Saga.Open.Stop!.Outcome == ContractStatus.Cancelled,
            then => then.End(Cancelled, cause, evidence),
            lower => lower.IfElse(
                context => context.Saga.Open.Stop!.Outcome == ContractStatus.Aborted,
                then => then.End(Aborted, cause, evidence),
                then => then.HandOver().End(Reassigned, cause, evidence).RequestReassignment()));

    /// <summary>False for a command that was meant for another version than the present one.</summary>
    private static bool IsMeant<T>(BehaviorContext<ContractState, T> context) where T : class
    {
        if (context.Headers.Get<int>(ExpectedVersion.Header) is not { } expected || expected == context.Saga.Version)
        {
            return true;
        }

        context.RecordIgnored(context.Message, $"it was meant for version {expected}");
        return false;
    }
}
