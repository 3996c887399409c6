using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>Failures are reported, the Policy Service chooses, and its decision is carried out; the machine never chooses.</summary>
internal static class Recoveries
{
    /// <summary>So many failures are kept beside the one that is decided about.</summary>
    public const int MaxFurther = 10;

    /// <summary>Finds a failure; which state it matters in is the machine's business.</summary>
    public static EventActivityBinder<ContractState, T> Blame<T>(
        this EventActivityBinder<ContractState, T> binder, FailureKind kind, string detail)
        where T : class =>
        binder.Then(context => context.Blame(kind, detail));

    /// <summary>It stands still without being told to; where the journal shows that or worse, that is the failure.</summary>
    public static EventActivityBinder<ContractState, ExecutionReported> BlameUnasked(this EventActivityBinder<ContractState, ExecutionReported> binder) =>
        binder.If(context => context.Findings().Failure is null,
            then => then.Blame(FailureKind.DeviceFault, "the device stopped the contract without being asked to"));

    public static void Blame(this BehaviorContext<ContractState> context, FailureKind kind, string detail, JsonObject? evidence = null, string? actionId = null)
    {
        context.Findings().Failure = context.Describe(kind, detail, evidence, actionId);
        context.Findings().Add(Verdict.Failed);
    }

    private static Failure Describe(
        this BehaviorContext<ContractState> context, FailureKind kind, string detail, JsonObject? evidence, string? actionId, bool isNew = true) => new()
    {
        Kind = kind, ActionId = actionId ?? context.Saga.Execution.Running?.ActionId, Detail = detail, At = context.Work().Now,
        Certainty = IsConcluded(context.Saga, kind) ? Certainty.Projected : Certainty.Confirmed,
        Evidence = JsonSerializer.SerializeToElement(Evidence(context, evidence ?? [], isNew), WireJson.Options),
    };

    /// <summary>Known, or concluded from silence: offline, a window that passed only ends what is estimated.</summary>
    private static bool IsConcluded(ContractState saga, FailureKind kind) =>
        Failures.FromSilence(Enum.Parse<Domain.FailureKind>(kind.ToString())) || (kind == FailureKind.WindowMissed && saga is { Connected: false, SentRevision: > 0 });

    /// <summary>What it was concluded from: the deadline that passed, or the journal as far as it is known.</summary>
    private static JsonObject Evidence(BehaviorContext<ContractState> context, JsonObject evidence, bool isNew)
    {
        var saga = context.Saga;
        if (isNew && context.TryGetMessage<DeadlineReached>(out var deadline))
        {
            (evidence["deadline"], evidence["dueAt"]) = (deadline.Message.Kind.Word(), InstantConverter.Format(deadline.Message.DueAt));
        }

        if (saga.Open.JournalLost)
        {
            evidence["journalLost"] = true;
        }

        if (saga.ConnectionEpoch > 0)
        {
            evidence["connectionEpoch"] = saga.ConnectionEpoch;
        }

        if (saga.AcceptedRevision > 0)
        {
            evidence.TryAdd("seq", saga.Execution.Seq);
        }

        return evidence;
    }

    public static void Blame(this BehaviorContext<ContractState> context, FoundFailure found)
    {
        context.Findings().Failure = context.Describe(found);
        context.Findings().Add(Verdict.Failed);
    }

    private static Failure Describe(this BehaviorContext<ContractState> context, FoundFailure found)
    {
        var evidence = found.Evidence is { } shown ? JsonObject.Create(shown) : null;
        if (found.Seq is { } seq)
        {
            (evidence ??= [])["seq"] = seq;
        }

        return context.Describe(Enum.Parse<FailureKind>(found.Kind.ToString()), found.Detail, evidence, found.ActionId, isNew: false) with
        {
            Certainty = Certainty.Confirmed, At = found.At ?? context.Work().Now,
        };
    }

    /// <summary>A recovery for a failure just found. What was open before, or waited for its verdict, is recorded with it.</summary>
    public static OpenRecovery NewRecovery(this BehaviorContext<ContractState> context, Failure failure)
    {
        var (before, kept) = (context.Saga.Open.Recovery, context.Saga.Open.Failure);
        IEnumerable<Failure> further = before is null ? [] : [before.Failure, .. before.Further];
        further = further.Concat((kept is null ? context.Saga.Open.AlsoFound : context.Saga.Open.AlsoFound.Insert(0, kept)).Select(context.Describe));
        return new OpenRecovery(context.Work().NewId(), failure, 1, null, false, null, [.. further.DistinctBy(What).Where(one => What(one) != What(failure)).Take(MaxFurther)]);
    }

    private static (FailureKind, string?, string) What(Failure failure) => (failure.Kind, failure.ActionId, failure.Detail);

    private static bool CallsForHold(Failure failure) => failure.Kind is FailureKind.ScopeViolated or FailureKind.DeviceFault;

    /// <summary>Opens a recovery for the failure found, holds the device where it must not go on, and asks the Policy Service.</summary>
    public static EventActivityBinder<ContractState, T> ConsultPolicy<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            var (saga, work) = (context.Saga, context.Work());
            var failure = context.Findings().Failure ?? saga.Open.Recovery?.Failure
                ?? throw new InvalidOperationException($"Contract {saga.CorrelationId} asks for recovery without a failure.");
            var recovery = context.NewRecovery(failure);
            if (recovery.Further.Append(failure).Any(CallsForHold))
            {
                saga.Desire(Intent.Hold);
            }

            saga.Open = saga.Open with
            {
                Recovery = recovery,
                Replan = null, Hold = null, Failure = null, AlsoFound = [], Attempts = 0,
            };
            ContractMeter.Failed(context, failure.Kind.Word());
            work.Log.ContractFailed(saga.CorrelationId, saga.DeviceId, failure.Kind.Word(), failure.Detail);
            await context.RequestRecovery();
            await context.Express();
        });

    /// <summary>Another failure while one is open is recorded with it; no second request goes out. Where an operator holds
    /// and none is open, the first one waits for the release; what is concluded from silence is found anew then. A device that
    /// must not go on is held, whatever failed first.</summary>
    public static EventActivityBinder<ContractState, T> RecordFurther<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            var saga = context.Saga;
            if (saga.CurrentState == nameof(ContractMachine.Held) && saga.Open.Recovery is null)
            {
                // What the journal shows is kept already.
                if (context.Findings() is { Failure: { } found, Found: null } && !IsConcluded(saga, found.Kind))
                {
                    context.KeepFailure();
                }
            }
            else if (saga.Open.Recovery is { } recovery && context.Findings().Failure is { } further
                && recovery.Further.Length < MaxFurther && !recovery.Further.Append(recovery.Failure).Any(one => What(one) == What(further)))
            {
                saga.Open = saga.Open with { Recovery = recovery with { Further = recovery.Further.Add(further) } };
                ContractMeter.Failed(context, further.Kind.Word());
                if (CallsForHold(further) && saga.Intent == Intent.Run)
                {
                    saga.Desire(Intent.Hold);
                    if (!context.Findings().Has(Verdict.Connected | Verdict.Escalate))
                    {
                        await context.Express();   // what follows from those says it
                    }
                }
            }
        });

    /// <summary>Judges a decision: for another request it is recorded and ignored, with a failing guard it is refused.</summary>
    public static EventActivityBinder<ContractState, RecoveryDecided> Judge(this EventActivityBinder<ContractState, RecoveryDecided> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, decided) = (context.Saga, context.Message);
            if (saga.Open.Recovery is not { Decision: null } recovery || recovery.RecoveryId != decided.RecoveryId)
            {
                context.RecordIgnored(decided, "it answers no open request");
                return;
            }

            if (await context.Refuse(decided) is { } refused)
            {
                await context.AskAgain(refused);
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

    /// <summary>The retry's delay is over: the decision is carried out, unless what became known meanwhile forbids it.</summary>
    public static EventActivityBinder<ContractState, DeadlineReached> CarryOut(this EventActivityBinder<ContractState, DeadlineReached> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, recovery) = (context.Saga, context.Saga.Open.Recovery!);
            var decided = recovery.Decision!;
            if (await context.Refuse(decided) is { } refused)
            {
                saga.Open = saga.Open with { Recovery = recovery with { Decision = null } };
                await context.AskAgain(refused);
                return;
            }

            context.Findings().Evidence["strategy"] = decided.Strategy.Word();
            await context.CarryOut(decided);
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

    private static async Task<RefusedDecision?> Refuse(this BehaviorContext<ContractState> context, RecoveryDecided decided) =>
        Grounds.Refuse(context.Saga, await context.Plan(context.Saga.Revision), decided.Strategy, decided.MayRepeat ?? false, context.Work().Now) is { } reason
            ? new RefusedDecision { Strategy = decided.Strategy, Reason = reason }
            : null;

    private static async Task AskAgain(this BehaviorContext<ContractState> context, RefusedDecision? refused)
    {
        var (saga, work) = (context.Saga, context.Work());
        var recovery = saga.Open.Recovery!;
        if (recovery.Attempt >= work.Settings.PolicyAttempts)
        {
            const string nothing = "the Policy Service gave no usable decision";
            context.Findings().Evidence["strategy"] = work.Settings.Fallback.Word();
            context.Findings().Add(Verdict.Fallback);
            saga.Open = saga.Open with { Recovery = recovery with { Refused = refused } };
            context.Remember(recovery, null);
            switch (work.Settings.Fallback)
            {
                case RecoveryFallback.Escalate:
                    context.Findings().Add(Verdict.Escalate);
                    return;
                case RecoveryFallback.Hold:
                    Hold(context, null, nothing, null);
                    context.Findings().Add(Verdict.Hold);
                    return;
                case RecoveryFallback.Abort:
                    context.StopFor(ContractStatus.Aborted, nothing);
                    context.Findings().Add(Verdict.Abort);
                    return;
            }
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
            Actual = Shown.Actual(saga.Execution, plan, null), RemainingActions = Shown.Actions(plan, Grounds.Remaining(saga, plan)),
            Failure = recovery.Failure, Earlier = saga.Open.Earlier, Unconfirmed = [.. Grounds.Of(saga, plan, work.Now).Unconfirmed],
            AllowedStrategies = Grounds.Allowed(saga, plan, work.Now), Refused = recovery.Refused,
        });
        await context.ArmIn(DeadlineKind.Policy, work.Settings.Policy);
    }

    /// <summary>Carries out a decision whose guards hold, the Policy Service's or an operator's.</summary>
    /// <param name="by">The operator.</param>
    public static async Task CarryOut(this BehaviorContext<ContractState> context, RecoveryDecided decided, string? by = null)
    {
        var (saga, findings) = (context.Saga, context.Findings());
        context.Remember(saga.Open.Recovery!, decided.Strategy);
        saga.Open = saga.Open with { Escalation = null, Recovery = saga.Open.Recovery! with { Decision = null } };
        switch (decided.Strategy)
        {
            case RecoveryStrategy.Retry:
                await Retry(context, decided.From == Messages.RetryFrom.All ? RetryFrom.All : RetryFrom.Remaining);
                return;
            case RecoveryStrategy.Hold:
                Hold(context, decided.Until, decided.Reason ?? "decided by the Policy Service", by);
                findings.Add(Verdict.Hold);
                return;
            case RecoveryStrategy.Abort:
                context.StopFor(ContractStatus.Aborted, decided.Reason);
                findings.Add(Verdict.Abort);
                return;
            case RecoveryStrategy.Reassign:
                context.StopFor(ContractStatus.Reassigned, decided.Reason, decided.ExcludeDevices);
                findings.Add(Verdict.Reassign);
                return;
            case RecoveryStrategy.Escalate:
                findings.Add(Verdict.Escalate);
                return;
        }
    }

    private static void Remember(this BehaviorContext<ContractState> context, OpenRecovery recovery, RecoveryStrategy? strategy)
    {
        var (open, now) = (context.Saga.Open, context.Work().Now);
        var earlier = new EarlierRecovery { RecoveryId = recovery.RecoveryId, Failure = recovery.Failure.Kind, Strategy = strategy, At = now };
        context.Saga.Open = open with { Earlier = open.Earlier.Length < 100 ? open.Earlier.Add(earlier) : [.. open.Earlier[1..], earlier] };
    }

    private static async Task Retry(BehaviorContext<ContractState> context, RetryFrom from)
    {
        var (saga, findings) = (context.Saga, context.Findings());
        var plan = await context.Plan(saga.Revision);
        var isStale = IsDataInvalid(saga.Open.Recovery!.Failure) && saga.Open.Fetched.Length > 0;
        saga.Open = saga.Open with { Recovery = null, Attempts = 0, Failure = null, AlsoFound = [] };
        if (saga.Open.Data.Count > 0 || plan.DataRequests.Any(request => plan.Data.All(data => data.Name != request.Name)))
        {
            findings.Add(Verdict.RetryData);
            return;
        }

        // What another device has done is not left to do; all is all.
        var left = from == RetryFrom.All ? plan : plan with { Actions = Grounds.Remaining(saga, plan) };
        var retried = Plans.Retry(left, saga.Execution, from, context.NextRevision());
        if (isStale)
        {
            // The device could not use what was fetched: the same content would be refused again.
            await context.Revise(ContractData.Refresh(retried, saga.Open.Fetched));
            saga.Open = saga.Open with { Fetched = [] };
            findings.Add(Verdict.RetryData);
            return;
        }

        await context.Revise(retried);
        findings.Add(saga.AcceptedRevision == 0 ? Verdict.RetryFirst : saga.Connected && saga.Open.Actuals is null ? Verdict.Retry : Verdict.RetryLater);
    }

    private static bool IsDataInvalid(Failure failure) =>
        failure is { Kind: FailureKind.ContractRejected, Evidence: { } evidence }
        && evidence.TryGetProperty("reasonCode", out var code) && code.ValueEquals("dataInvalid");

    public static EventActivityBinder<ContractState, HoldContract> Hold(this EventActivityBinder<ContractState, HoldContract> binder) =>
        binder.Then(context =>
        {
            context.Asked(context.Message.Reason, context.Message.RequestedBy);
            Hold(context, context.Message.Until, context.Message.Reason, context.Message.RequestedBy);
        });

    private static void Hold(BehaviorContext<ContractState> context, DateTimeOffset? until, string reason, string? by)
    {
        context.Saga.Open = context.Saga.Open with { Hold = new OpenHold(until, reason, by), Attempts = 0 };
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
        && Failures.FromSilence(Enum.Parse<Domain.FailureKind>(recovery.Failure.Kind.ToString()))
        && saga.Open.Earlier.All(one => one.RecoveryId != recovery.RecoveryId);

    /// <summary>The next free revision: a number once sent is never reused.</summary>
    public static int NextRevision(this BehaviorContext<ContractState> context) => context.Saga.Revision + 1;

    public static async Task Revise(this BehaviorContext<ContractState> context, Contract revised)
    {
        await context.Work().Records.Keep(revised, context.CancellationToken);
        context.Saga.Revision = revised.Revision;
        context.Saga.Open = context.Saga.Open with { Attempts = 0 };
    }
}
