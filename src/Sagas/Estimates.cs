using ExecutionManager.Domain;

namespace ExecutionManager.Sagas;

/// <summary>Gathers what a projection is made from; the projection itself is the domain's.</summary>
public static class Estimates
{
    public static async Task<ProjectionBasis> Basis(ContractState saga, Contract plan, IContractRecords records, DateTimeOffset now, CancellationToken ct)
    {
        var sample = await records.Latest(saga.CorrelationId, saga.DeviceId, ct);
        var lease = await records.Lease(saga.CorrelationId, ct);
        var device = await records.Device(saga.DeviceId, ct);
        var basis = ProjectionBasis.From(
            plan, saga.Execution, AcceptedAt(saga),
            sample is { ActionId: { } actionId } ? new ActionSample(actionId, sample.At, sample.Progress) : null);
        return basis with
        {
            LeaseEnd = device.Connection?.Lease == LeaseCapability.None ? null : lease?.EndsAt,
            FreeFrom = await FreeFrom(saga, records, now, ct),
            RevisionInDoubt = saga.SentRevision > saga.AcceptedRevision,
        };
    }

    /// <summary>When acceptance of the plan was learned.</summary>
    public static DateTimeOffset AcceptedAt(ContractState saga) => saga.Open.PlanAcceptedAt ?? saga.AcceptedAt ?? saga.CreatedAt;

    /// <summary>Behind another contract of the device nothing starts before that one's earliest finish.</summary>
    private static async Task<DateTimeOffset?> FreeFrom(ContractState saga, IContractRecords records, DateTimeOffset now, CancellationToken ct)
    {
        if (saga.Execution.Running is not null
            || Turns.Next(await records.Candidates(saga.DeviceId, ct), now) is not { } ahead
            || ahead == saga.CorrelationId
            || await records.State(ahead, ct) is not { } other)
        {
            return null;
        }

        var plan = await records.Document(other.CorrelationId, other.AcceptedRevision, ct);
        return Projection.At(ProjectionBasis.From(plan, other.Execution, AcceptedAt(other)), now).Finish.Earliest ?? now;
    }
}
