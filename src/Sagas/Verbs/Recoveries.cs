using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>Failures are reported, the Policy Service chooses, and its decision is carried out; the machine never chooses.</summary>
internal static class Recoveries
{
    /// <summary>Absent until the issue on recovery: reassign and escalate are refused with their reason.</summary>
    private static readonly ImmutableArray<RecoveryStrategy> Allowed = [RecoveryStrategy.Retry, RecoveryStrategy.Hold, RecoveryStrategy.Abort];

    /// <summary>Finds a failure; which state it matters in is the machine's business.</summary>
    public static EventActivityBinder<ContractState, T> Blame<T>(
        this EventActivityBinder<ContractState, T> binder, FailureKind kind, string detail)
        where T : class =>
        binder.Then(context => context.Blame(kind, detail));

    public static void Blame(this BehaviorContext<ContractState> context, FailureKind kind, string detail, JsonObject? evidence = null, string? actionId = null)
    {
        var (saga, work, findings) = (context.Saga, context.Work(), context.Findings());
        findings.Failure = new Failure
        {
            Kind = kind, ActionId = actionId ?? saga.Execution.Running?.ActionId, Detail = detail, At = work.Now,
            Certainty = saga.Connected || saga.SentRevision == 0 ? Certainty.Confirmed : Certainty.Projected,
            Evidence = JsonSerializer.SerializeToElement(evidence ?? [], WireJson.Options),
        };
        findings.Add(Verdict.Failed);
    }

    public static void Blame(this BehaviorContext<ContractState> context, FoundFailure found)
    {
        context.Blame(Enum.Parse<FailureKind>(found.Kind.ToString()), found.Detail, new JsonObject { ["seq"] = found.Seq }, found.ActionId);
        context.Findings().Failure = context.Findings().Failure! with { Certainty = Certainty.Confirmed, At = found.At ?? context.Work().Now };
    }

    /// <summary>Opens a recovery for the failure found, holds the device where it must not go on, and asks the Policy Service.</summary>
    public static EventActivityBinder<ContractState, T> ConsultPolicy<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            var (saga, work) = (context.Saga, context.Work());
            var failure = context.Findings().Failure ?? saga.Open.Recovery?.Failure
                ?? throw new InvalidOperationException($"Contract {saga.CorrelationId} asks for recovery without a failure.");
            if (failure.Kind is FailureKind.ScopeViolated or FailureKind.DeviceFault)
            {
                saga.Desire(Intent.Hold);
            }

            saga.Open = saga.Open with
            {
                Recovery = new OpenRecovery(work.NewId(), failure, 1, null, false, null, []),
                Replan = null, Hold = null, Failure = null, Attempts = 0,
            };
            ContractMeter.Failed(context, failure.Kind.Word());
            work.Log.ContractFailed(saga.CorrelationId, saga.DeviceId, failure.Kind.Word(), failure.Detail);
            await context.RequestRecovery();
            await context.Express();
        });

    /// <summary>Another failure while one is open is recorded with it; no second request goes out.</summary>
    public static EventActivityBinder<ContractState, T> RecordFurther<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.Then(context =>
        {
            var saga = context.Saga;
            if (saga.Open.Recovery is { } recovery && context.Findings().Failure is { } further
                && recovery.Failure.Kind != further.Kind && recovery.Further.Length < 10)
            {
                saga.Open = saga.Open with { Recovery = recovery with { Further = recovery.Further.Add(further) } };
                ContractMeter.Failed(context, further.Kind.Word());
            }
        });

    /// <summary>Judges a decision: for another request it is recorded and ignored, with a failing guard it is refused.</summary>
    public static EventActivityBinder<ContractState, RecoveryDecided> Judge(this EventActivityBinder<ContractState, RecoveryDecided> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, work, decided) = (context.Saga, context.Work(), context.Message);
            if (saga.Open.Recovery is not { Decision: null } recovery || recovery.RecoveryId != decided.RecoveryId)
            {
                context.RecordIgnored(decided, "it answers no open request");
                return;
            }

            if (await Refusal(context, decided) is { } reason)
            {
                await context.AskAgain(new RefusedDecision { Strategy = decided.Strategy, Reason = reason });
                return;
            }

            context.Findings().Evidence["strategy"] = decided.Strategy.Word();
            if (decided.Strategy == RecoveryStrategy.Retry && decided.Delay is { } delay && delay > TimeSpan.Zero)
            {
                saga.Open = saga.Open with { Recovery = recovery with { Decision = decided } };
                await context.Disarm(DeadlineKind.Policy);
                await context.ArmIn(DeadlineKind.Retry, delay);
                return;
            }

            await context.CarryOut(decided);
        });

    /// <summary>The retry's delay is over: the decision is carried out.</summary>
    public static EventActivityBinder<ContractState, DeadlineReached> CarryOut(this EventActivityBinder<ContractState, DeadlineReached> binder) =>
        binder.ThenAsync(context =>
        {
            context.Findings().Evidence["strategy"] = RecoveryStrategy.Retry.Word();
            return context.CarryOut(context.Saga.Open.Recovery!.Decision!);
        });

    /// <summary>The Policy Service was silent: it is asked again, and after the last attempt the fallback is taken.</summary>
    public static EventActivityBinder<ContractState, DeadlineReached> AskAgain(this EventActivityBinder<ContractState, DeadlineReached> binder) =>
        binder.ThenAsync(context =>
        {
            if (context.Saga.Open.Recovery is not { BackingOff: true } recovery)
            {
                return context.AskAgain(null);
            }

            context.Saga.Open = context.Saga.Open with { Recovery = recovery with { BackingOff = false } };
            return context.RequestRecovery();
        });

    /// <summary>Records an answer that nobody waits for, so that whoever sent it can find out why nothing happened.</summary>
    public static void RecordIgnored(this BehaviorContext<ContractState> context, object answer, string why) =>
        context.Work().Log.AnswerIgnored(context.Saga.CorrelationId, answer.GetType().Name, why);

    private static async Task<string?> Refusal(BehaviorContext<ContractState> context, RecoveryDecided decided)
    {
        var saga = context.Saga;
        var plan = await context.Plan(saga.Revision);
        return Decisions.Refuse(
            Enum.Parse<Domain.RecoveryStrategy>(decided.Strategy.ToString()), decided.MayRepeat ?? false, context.Unconfirmed(plan),
            saga.Open.JournalLost, Plans.Remaining(plan, saga.Execution).Count == 0, [.. Allowed.Select(one => Enum.Parse<Domain.RecoveryStrategy>(one.ToString()))]);
    }

    private static async Task AskAgain(this BehaviorContext<ContractState> context, RefusedDecision? refused)
    {
        var (saga, work) = (context.Saga, context.Work());
        var recovery = saga.Open.Recovery!;
        if (recovery.Attempt >= work.Settings.PolicyAttempts)
        {
            context.Findings().Evidence["strategy"] = work.Settings.Fallback.Word();
            context.Findings().Add(Verdict.Fallback | (work.Settings.Fallback == RecoveryFallback.Abort ? Verdict.Abort : Verdict.Hold));
            if (work.Settings.Fallback == RecoveryFallback.Hold)
            {
                Hold(context, null, "the Policy Service gave no usable decision", null);
            }

            return;
        }

        // A refused decision closes its request: the next one has an id of its own. A silent service may still answer the open one.
        saga.Open = saga.Open with
        {
            Recovery = recovery with
            {
                RecoveryId = refused is null ? recovery.RecoveryId : work.NewId(), Attempt = recovery.Attempt + 1, Refused = refused, BackingOff = refused is not null,
            },
        };
        if (refused is null)
        {
            await context.RequestRecovery();
        }
        else
        {
            await context.ArmIn(DeadlineKind.Policy, Waits.Backoff(recovery.Attempt));
        }
    }

    private static async Task RequestRecovery(this BehaviorContext<ContractState> context)
    {
        var (saga, work) = (context.Saga, context.Work());
        var recovery = saga.Open.Recovery!;
        var plan = await context.Plan(saga.Revision);
        var lease = await work.Records.Lease(saga.CorrelationId, context.CancellationToken);
        var device = await work.Records.Device(saga.DeviceId, context.CancellationToken);
        await context.Publish(new RecoveryRequested
        {
            ContractId = saga.CorrelationId, DeviceId = saga.DeviceId, RecoveryId = recovery.RecoveryId, Attempt = recovery.Attempt,
            Connected = saga.Connected, SafeToReassignAt = device.Connection?.Lease == LeaseCapability.None ? null : lease?.SafeToReassignAt,
            Contract = Shown.Document(plan),
            Actual = Shown.Actual(saga.Execution, plan, null), RemainingActions = Shown.Actions(plan, Plans.Remaining(plan, saga.Execution)),
            Failure = recovery.Failure, Earlier = saga.Open.Earlier, Unconfirmed = context.Unconfirmed(plan),
            AllowedStrategies = Allowed, Refused = recovery.Refused,
        });
        await context.ArmIn(DeadlineKind.Policy, work.Settings.Policy);
    }

    private static async Task CarryOut(this BehaviorContext<ContractState> context, RecoveryDecided decided)
    {
        var (saga, work, findings) = (context.Saga, context.Work(), context.Findings());
        var recovery = saga.Open.Recovery!;
        var earlier = new EarlierRecovery { RecoveryId = recovery.RecoveryId, Failure = recovery.Failure.Kind, Strategy = decided.Strategy, At = work.Now };
        saga.Open = saga.Open with { Earlier = saga.Open.Earlier.Length < 100 ? saga.Open.Earlier.Add(earlier) : [.. saga.Open.Earlier[1..], earlier] };
        switch (decided.Strategy)
        {
            case RecoveryStrategy.Retry:
                await Retry(context, decided.From == Messages.RetryFrom.All ? RetryFrom.All : RetryFrom.Remaining);
                return;
            case RecoveryStrategy.Hold:
                Hold(context, decided.Until, decided.Reason ?? "decided by the Policy Service", null);
                findings.Add(Verdict.Hold);
                return;
            case RecoveryStrategy.Abort:
                saga.Open = saga.Open with { Stop = new OpenStop(ContractStatus.Aborted, decided.Reason) };
                findings.Add(Verdict.Abort);
                return;
            case RecoveryStrategy.Reassign or RecoveryStrategy.Escalate:
                throw new InvalidOperationException($"{decided.Strategy} was let through for contract {saga.CorrelationId}.");
        }
    }

    private static async Task Retry(BehaviorContext<ContractState> context, RetryFrom from)
    {
        var (saga, findings) = (context.Saga, context.Findings());
        var plan = await context.Plan(saga.Revision);
        saga.Open = saga.Open with { Recovery = null, Attempts = 0, Failure = null };
        if (saga.Open.Data.Count > 0 || plan.DataRequests.Any(request => plan.Data.All(data => data.Name != request.Name)))
        {
            findings.Add(Verdict.RetryData);
            return;
        }

        var retried = Plans.Retry(plan, saga.Execution, from, context.NextRevision());
        await context.Revise(retried);
        findings.Add(saga.AcceptedRevision == 0 ? Verdict.RetryFirst : saga.Connected && saga.Open.Actuals is null ? Verdict.Retry : Verdict.RetryLater);
    }

    public static EventActivityBinder<ContractState, HoldContract> Hold(this EventActivityBinder<ContractState, HoldContract> binder) =>
        binder.Then(context => Hold(context, context.Message.Until, context.Message.Reason, context.Message.RequestedBy));

    private static void Hold(BehaviorContext<ContractState> context, DateTimeOffset? until, string reason, string? by)
    {
        context.Saga.Open = context.Saga.Open with { Hold = new OpenHold(until, reason, by), Replan = null, Attempts = 0 };
        context.Findings().Evidence["reason"] = reason;
    }

    public static EventActivityBinder<ContractState, T> ArmHold<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(context => context.Saga.Open.Hold?.Until is { } until
            ? context.ArmAt(DeadlineKind.Hold, until)
            : context.ArmIn(DeadlineKind.Hold, context.Work().Settings.MaxHold));

    /// <summary>A failure concluded from silence is withdrawn when the truth comes before a decision is carried out.</summary>
    public static bool IsWithdrawn(ContractState saga) =>
        saga.AcceptedRevision > 0 && saga.Open.Recovery is { } recovery
        && Failures.FromSilence(Enum.Parse<Domain.FailureKind>(recovery.Failure.Kind.ToString()));

    public static ImmutableArray<string> Unconfirmed(this BehaviorContext<ContractState> context, Contract plan) =>
        [.. Plans.Unconfirmed(plan, context.Saga.Execution, context.Saga.SentRevision == 0 || (context.Saga.Connected && context.Saga.Open.Actuals is null && context.Saga.Open.Gap is null && !context.Saga.Open.JournalLost))];

    /// <summary>The next free revision: a number once sent is never reused.</summary>
    public static int NextRevision(this BehaviorContext<ContractState> context) => context.Saga.Revision + 1;

    public static async Task Revise(this BehaviorContext<ContractState> context, Contract revised)
    {
        await context.Work().Records.Keep(revised, context.CancellationToken);
        context.Saga.Revision = revised.Revision;
        context.Saga.Open = context.Saga.Open with { Attempts = 0 };
    }
}
