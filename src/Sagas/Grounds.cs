using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;

namespace ExecutionManager.Sagas;

/// <summary>What decisions about a contract are judged by, from its row.</summary>
public static class Grounds
{
    public static DecisionGrounds Of(ContractState saga, Contract plan, DateTimeOffset now)
    {
        var remaining = Remaining(saga, plan);
        return new(
            Plans.Unconfirmed(remaining, saga.Execution, IsConfirmed(saga)),
            saga.Open.JournalLost, remaining.Count == 0, plan.Scope.NotAfter <= now, saga.Open.Stop is not null, saga.Open.Escalation is not null);
    }

    /// <summary>The actions that nobody is known to have finished, neither this device nor that of an earlier contract, be it
    /// too late to count.</summary>
    public static IReadOnlyList<PlannedAction> Remaining(ContractState saga, Contract plan) =>
        [.. Plans.Remaining(plan, saga.Execution).Where(action => !saga.Open.LateFinished.Contains(action.ActionId) && !IsDoneByOther(saga, action))];

    public static bool IsDoneByOther(ContractState saga, PlannedAction action) =>
        saga.Open.DoneByOthers.Contains(action.ActionId) || (action.RetryOf is { } first && saga.Open.DoneByOthers.Contains(first));

    /// <summary>The device's present word on all actions is here, or it never got the contract. Actuals or an answer that did
    /// not come in time, and entries that no snapshot makes up for, leave it open how far it came.</summary>
    private static bool IsConfirmed(ContractState saga) =>
        saga.SentRevision == 0
        || (saga is { Connected: true, Open: { Actuals: null, GivenUp: null, Gap: null, JournalLost: false } }
            && !IsPushInDoubt(saga)
            && !saga.Execution.Lost.Any(range => range.To > (saga.Open.Snapshot?.Seq ?? 0)));

    /// <summary>It was pushed, and the device has neither accepted it nor shown that it does not have it.</summary>
    private static bool IsPushInDoubt(ContractState saga)
    {
        var isUnanswered = saga.Open.Recovery is { } recovery && recovery.Further.Append(recovery.Failure).Any(one => one.Kind == FailureKind.AcceptTimeout);
        return Math.Max(saga.AcceptedRevision, saga.Open.DeniedRevision) < saga.SentRevision && (isUnanswered || saga.AcceptedRevision == 0);
    }

    public static IReadOnlyList<RecoveryStrategy> Allowed(ContractState saga, Contract plan, DateTimeOffset now) =>
        [.. Decisions.Allowed(Of(saga, plan, now)).Select(one => Enum.Parse<RecoveryStrategy>(one.ToString()))];

    public static string? Refuse(ContractState saga, Contract plan, RecoveryStrategy strategy, bool mayRepeat, DateTimeOffset now) =>
        Decisions.Refuse(Enum.Parse<Domain.RecoveryStrategy>(strategy.ToString()), mayRepeat, Of(saga, plan, now));

    /// <summary>Why an operator's decision cannot be carried out, and the field that says so; null if it can.</summary>
    public static (string Field, string Reason)? Refuse(ContractState saga, Contract plan, EscalationResolved resolved, DateTimeOffset now) =>
        resolved.Strategy is { } strategy && Refuse(saga, plan, strategy, resolved.MayRepeat ?? false, now) is { } reason
            ? (Refuse(saga, plan, strategy, mayRepeat: true, now) is null ? "mayRepeat" : "strategy", reason)
        : resolved.Until is not null && resolved.Strategy != RecoveryStrategy.Hold ? ("until", "goes with hold alone")
        : resolved.Until <= now ? ("until", "must be in the future")
        : resolved.Strategy is not null ? resolved.AttestedStopped == true && resolved.Strategy is not (RecoveryStrategy.Abort or RecoveryStrategy.Reassign)
            ? ("attestedStopped", "goes with abort or reassign: nothing else waits for a standstill")
            : null
        : resolved.AttestedStopped != true ? ("strategy", "is required unless a standstill is attested")
        : saga.Open.Stop is null ? ("strategy", "is required: no stop waits for the word that the device stands still")
        : null;
}
