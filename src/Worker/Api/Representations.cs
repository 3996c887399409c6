using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Worker;

/// <summary>Builds the representation of contracts from their rows, their plans and the present.</summary>
internal sealed class Representations(StoreContext db, IContractRecords records, ContractSettings settings, TimeProvider clock)
{
    /// <param name="at">Another instant to project for; null is now.</param>
    public async Task<ContractRepresentation> Of(ContractState saga, DateTimeOffset? at, CancellationToken ct) => (await Of([saga], at, ct))[0];

    public async Task<IReadOnlyList<ContractRepresentation>> Of(IReadOnlyList<ContractState> sagas, DateTimeOffset? at, CancellationToken ct)
    {
        // What a page needs comes in a few queries; documents and grants stay in the context, where the records find them.
        var ids = sagas.Select(saga => saga.CorrelationId).ToList();
        var deviceIds = sagas.Select(saga => saga.DeviceId).Distinct().ToList();
        await db.Documents.Join(db.Contracts, document => document.ContractId, saga => saga.CorrelationId, (document, saga) => new { document, saga })
            .Where(pair => ids.Contains(pair.saga.CorrelationId) && pair.document.Revision == (pair.saga.AcceptedRevision > 0 ? pair.saga.AcceptedRevision : 1))
            .Select(pair => pair.document).LoadAsync(ct);
        await db.Grants.Where(grant => ids.Contains(grant.ContractId)).LoadAsync(ct);
        var devices = await db.Devices.AsNoTracking().Where(device => deviceIds.Contains(device.DeviceId)).ToDictionaryAsync(device => device.DeviceId, ct);
        var contacts = await db.Contacts.AsNoTracking().Where(contact => deviceIds.Contains(contact.DeviceId)).ToDictionaryAsync(contact => contact.DeviceId, ct);
        var samples = (await db.Samples.AsNoTracking().Where(sample => ids.Contains(sample.ContractId)).ToListAsync(ct)).ToLookup(sample => sample.ContractId);

        var shown = new List<ContractRepresentation>(sagas.Count);
        foreach (var saga in sagas)
        {
            var sample = samples[saga.CorrelationId].SingleOrDefault(one => one.DeviceId == saga.DeviceId);
            shown.Add(await Of(
                saga, devices.GetValueOrDefault(saga.DeviceId)?.Connection, contacts.GetValueOrDefault(saga.DeviceId),
                sample is null ? null : new LatestSample(sample.At, sample.ActionId, sample.Progress, sample.Position, sample.Battery), at, ct));
        }

        return shown;
    }

    private async Task<ContractRepresentation> Of(
        ContractState saga, Connection? device, ContactRow? contact, LatestSample? sample, DateTimeOffset? at, CancellationToken ct)
    {
        var (now, open) = (clock.GetUtcNow(), saga.Open);
        var plan = await records.Document(saga.CorrelationId, Math.Max(saga.AcceptedRevision, 1), ct);
        var lease = await records.Lease(saga.CorrelationId, ct);
        var connected = Connectivity.IsConfirmed(device, contact is null ? null : new Contact(contact.Epoch, contact.ReceivedAt, contact.UptimeMs), now, settings.StaleAfter);
        var known = Known(saga, connected && IsHeardOf(saga, plan, sample, device, now));
        var estimate = saga.AcceptedRevision > 0 && !States.IsTerminal(saga.CurrentState) && (known != Certainty.Confirmed || at is not null)
            ? Projection.At(await Estimates.Basis(saga, plan, records, now, ct), at ?? now, settings.MinProbability)
            : null;
        return new ContractRepresentation
        {
            ContractId = saga.CorrelationId, DeviceId = saga.DeviceId, TaskId = saga.TaskId, TaskType = saga.TaskType,
            Priority = saga.Priority, Frame = saga.Frame, FencingToken = saga.FencingToken,
            Status = States.Shown(saga.CurrentState)!.Value, Version = saga.Version, Connected = connected,
            Certainty = known == Certainty.Projected || (at is not null && estimate is not null)
                ? estimate!.Certainty == EstimateCertainty.Projected ? Certainty.Projected : Certainty.Inconclusive
                : known,
            CreatedAt = saga.CreatedAt, ChangedAt = saga.ChangedAt,
            Desired = new(saga.Revision, saga.Intent, saga.IntentVersion),
            Reported = saga.AcceptedRevision > 0
                ? new(saga.AcceptedRevision, saga.ConfirmedIntentVersion, saga.Execution.Seq, saga.Execution.At ?? saga.AcceptedAt ?? saga.ChangedAt)
                : null,
            Plan = [.. plan.Actions.Select(action => new PlanPart(
                action.ActionId, action.ActionType, new(action.Duration.Min, action.Duration.Mode, action.Duration.Max)))],
            Actual = Shown.Actual(saga.Execution, plan, sample),
            Attested = open.Attested is { } attested ? new(attested.At, attested.By, attested.Reason) : null,
            Projection = estimate is null ? null : Part(estimate),
            Divergence = open.Divergence is { } divergence ? Shown.Divergence(divergence) : null,
            Recovery = open.Recovery is { } recovery ? new(recovery.RecoveryId, recovery.Failure, recovery.Attempt, [.. Grounds.Of(saga, await Desired(saga, plan, ct), now).Unconfirmed]) : null,
            Escalation = open.Escalation is { } escalation && open.Recovery is { } failed
                ? new(escalation.EscalationId, Grounds.Allowed(saga, await Desired(saga, plan, ct), now), failed.Failure)
                : null,
            Replan = open.Replan is { } replan ? new(replan.ReplanId, replan.Reason, replan.RequestedAt) : null,
            Hold = open.Hold is { } hold ? new(hold.Until, hold.Reason, hold.RequestedBy) : null,
            Deadline = saga.Deadlines.Earliest is { } first ? new(first.Key, first.Value.At) : null,
            SafeToReassignAt = device?.Lease == LeaseCapability.None ? null : lease?.SafeToReassignAt,
            Outcome = Part(saga.Outcome), LateOutcome = Part(saga.LateOutcome), SuccessorId = open.SuccessorId,
        };
    }

    /// <summary>How far the row alone may be trusted; projected means: as far as the projection says.</summary>
    private static Certainty Known(ContractState saga, bool heardOf)
    {
        if (saga.Outcome is { } outcome)
        {
            return outcome.Evidence == OutcomeEvidence.LeaseEnd ? Certainty.Inconclusive : Certainty.Confirmed;
        }

        if (saga.SentRevision == 0)
        {
            return Certainty.Confirmed;
        }

        var state = States.Shown(saga.CurrentState)!.Value;
        if (saga.AcceptedRevision == 0 || state == ContractStatus.Pushing)
        {
            return Certainty.Inconclusive;
        }

        var direct = state is ContractStatus.Live or ContractStatus.Reconciled
            || (state is not (ContractStatus.Projected or ContractStatus.AwaitingConnection) && saga.Open.Actuals is null);
        return direct && heardOf ? Certainty.Confirmed : Certainty.Projected;
    }

    /// <summary>The device is heard; of an action that runs, there must be fresh evidence as well.</summary>
    private bool IsHeardOf(ContractState saga, Contract plan, LatestSample? sample, Connection? device, DateTimeOffset now)
    {
        var evidence = ProjectionBasis.From(
            plan, saga.Execution, saga.AcceptedAt ?? saga.CreatedAt,
            sample is { ActionId: { } actionId } ? new ActionSample(actionId, sample.At, sample.Progress) : null);
        return saga.Execution is not { Running: not null, Status: Domain.ExecutionStatus.Executing } || now - evidence.EvidenceAt <= Connectivity.StaleAfter(device?.ReportInterval, settings.StaleAfter);
    }

    /// <summary>The plan that decisions are about.</summary>
    private async Task<Contract> Desired(ContractState saga, Contract accepted, CancellationToken ct) =>
        saga.Revision == accepted.Revision ? accepted : await records.Document(saga.CorrelationId, saga.Revision, ct);

    private static ProjectionPart Part(Estimate estimate) => new()
    {
        At = estimate.At, From = estimate.From, CurrentAction = estimate.CurrentAction, Finished = estimate.Finished,
        Actions = [.. estimate.Actions.Select(action => new ProjectedActionPart(action.ActionId, action.Status, action.Probability))],
        Progress = new(Math.Round(estimate.Progress.Low, 6), Math.Round(estimate.Progress.Expected, 6), Math.Round(estimate.Progress.High, 6)),
        Position = estimate.Position is { } position ? new([.. position.Expected.Select(value => Math.Round(value, 7))], Math.Round(position.Radius, 1)) : null,
        Finish = new()
        {
            Earliest = estimate.Finish.Earliest, Q05 = estimate.Finish.Q05, Q50 = estimate.Finish.Q50, Q95 = estimate.Finish.Q95, Latest = estimate.Finish.Latest,
        },
    };

    private static OutcomePart? Part(ContractOutcome? outcome) =>
        outcome is null ? null : new(outcome.Status, outcome.At, outcome.Evidence, outcome.Reason);
}
