using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>Asking a person, reminding of it, and judging the answer.</summary>
internal static class Escalations
{
    /// <summary>Opens an escalation for the open failure or the one just found, and raises it.</summary>
    public static EventActivityBinder<ContractState, T> Escalate<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            var (saga, work) = (context.Saga, context.Work());
            if (saga.Open.Recovery is null)
            {
                var failure = context.Findings().Failure
                    ?? throw new InvalidOperationException($"Contract {saga.CorrelationId} is escalated without a failure.");
                saga.Open = saga.Open with { Recovery = context.NewRecovery(failure) };
                ContractMeter.Failed(context, failure.Kind.Word());
                work.Log.ContractFailed(saga.CorrelationId, saga.DeviceId, failure.Kind.Word(), failure.Detail);
            }

            var severity = (context.Message as RecoveryDecided)?.Severity;
            saga.Open = saga.Open with { Escalation = new OpenEscalation(work.NewId(), severity), Replan = null, Hold = null, Failure = null, AlsoFound = [], Attempts = 0 };
            await context.RaiseEscalation();
            await context.Express();
        });

    /// <summary>Nobody has decided yet: it is raised again, under the same id.</summary>
    public static EventActivityBinder<ContractState, DeadlineReached> Remind(this EventActivityBinder<ContractState, DeadlineReached> binder) =>
        binder.ThenAsync(context => context.RaiseEscalation());

    /// <summary>Judges an operator's decision. One that cannot be carried out is told with the next
    /// reminder, which comes soon, and later each time: whoever decides may be a program.</summary>
    public static EventActivityBinder<ContractState, EscalationResolved> Judge(this EventActivityBinder<ContractState, EscalationResolved> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, resolved, findings) = (context.Saga, context.Message, context.Findings());
            if (saga.Open.Escalation is not { } open || open.EscalationId != resolved.EscalationId)
            {
                context.RecordIgnored(resolved, "it answers no open request");
                return;
            }

            if (Grounds.Refuse(saga, await context.Plan(saga.Revision), resolved, context.Work().Now) is var (field, reason))
            {
                context.RecordIgnored(resolved, $"{field} {reason}");
                saga.Open = saga.Open with
                {
                    Escalation = open with
                    {
                        Refused = resolved.Strategy is { } refused ? new RefusedDecision { Strategy = refused, Reason = reason } : open.Refused, Refusals = open.Refusals + 1,
                    },
                };
                await context.ArmIn(DeadlineKind.Escalation, Waits.Backoff(open.Refusals + 1));
                return;
            }

            (findings.Evidence["by"], findings.Evidence["reason"]) = (resolved.By, resolved.Reason);
            if (resolved.AttestedStopped == true)
            {
                findings.AttestedBy = resolved.By;
                findings.Evidence["attestedStopped"] = true;
            }

            if (resolved.Strategy is not { } strategy)
            {
                findings.Add(Verdict.StandsStill);
                return;
            }

            findings.Evidence["strategy"] = strategy.Word();
            await context.CarryOut(
                new RecoveryDecided
                {
                    ContractId = resolved.ContractId, RecoveryId = saga.Open.Recovery!.RecoveryId, Strategy = strategy, MayRepeat = resolved.MayRepeat,
                    Until = resolved.Until, Reason = resolved.Reason,
                },
                resolved.By);
        });

    private static async Task RaiseEscalation(this BehaviorContext<ContractState> context)
    {
        var (saga, work) = (context.Saga, context.Work());
        var (open, recovery, plan) = (saga.Open.Escalation!, saga.Open.Recovery!, await context.Plan(saga.Revision));
        var lease = await work.Records.Lease(saga.CorrelationId, context.CancellationToken);
        var device = await work.Records.Device(saga.DeviceId, context.CancellationToken);
        var evidence = new JsonObject
        {
            ["connected"] = saga.Connected,
            ["unconfirmed"] = JsonSerializer.SerializeToNode(Grounds.Of(saga, plan, work.Now).Unconfirmed, WireJson.Options),
            ["remaining"] = JsonSerializer.SerializeToNode(Grounds.Remaining(saga, plan).Select(action => action.ActionId), WireJson.Options),
            ["further"] = JsonSerializer.SerializeToNode<IReadOnlyList<Failure>>(recovery.Further, WireJson.Options),
            ["earlier"] = JsonSerializer.SerializeToNode<IReadOnlyList<EarlierRecovery>>(saga.Open.Earlier, WireJson.Options),
        };
        if (device.Connection?.Lease == LeaseCapability.Enforced && lease is not null)
        {
            evidence["safeToReassignAt"] = JsonValue.Create(InstantConverter.Format(lease.SafeToReassignAt));
        }

        if (saga.Open.Stop is { } stop)
        {
            evidence["waitsForStop"] = stop.Outcome.Word();
        }

        if (open.Severity is { } severity)
        {
            evidence["severity"] = severity;
        }

        if (open.Refused is { } refused)
        {
            evidence["refused"] = JsonSerializer.SerializeToNode(refused, WireJson.Options);
        }

        await context.Publish(new EscalationRaised
        {
            ContractId = saga.CorrelationId, DeviceId = saga.DeviceId, EscalationId = open.EscalationId, Failure = recovery.Failure,
            Evidence = JsonSerializer.SerializeToElement(evidence, WireJson.Options), AllowedStrategies = Grounds.Allowed(saga, plan, work.Now),
        });
        await context.ArmIn(DeadlineKind.Escalation, work.Settings.EscalationReminder);
    }
}
