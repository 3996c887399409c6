using System.Collections.Concurrent;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using ExecutionManager.Sagas;
using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Store;

/// <summary>Finds running contracts whose latest telemetry lies outside their area. Telemetry itself wakes no saga; one that
/// has left its area is told.</summary>
public sealed class AreaSweep(StoreContext db, ISendEndpointProvider endpoints, TimeProvider clock)
{
    /// <summary>Longer than the time between two rounds: a sample looked at twice is told twice and counts once.</summary>
    private static readonly TimeSpan LookBack = TimeSpan.FromSeconds(10);
    private const int MaxKnown = 50_000;

    // Only what never changes: the document of a revision. Null is a contract without an area.
    private static readonly ConcurrentDictionary<(Guid, int), Contract?> Plans = new();

    private static readonly string[] Watched =
    [
        nameof(ContractStatus.Live), nameof(ContractStatus.Projected), nameof(ContractStatus.Reconciled),
        nameof(ContractStatus.Recovering), nameof(ContractStatus.Held), nameof(ContractStatus.Escalated),
    ];

    /// <returns>How many contracts were told.</returns>
    public async Task<int> RunOnce(CancellationToken ct)
    {
        var since = clock.GetUtcNow() - LookBack;
        var samples = await (
            from sample in db.Samples.AsNoTracking()
            where sample.ReceivedAt > since && sample.Position != null
            join saga in db.Contracts.AsNoTracking() on sample.ContractId equals saga.CorrelationId
            where saga.DeviceId == sample.DeviceId && saga.AcceptedRevision > 0 && Watched.Contains(saga.CurrentState)
            orderby sample.DeviceId
            select new { sample.ContractId, sample.DeviceId, sample.ReceivedAt, sample.Position, saga.AcceptedRevision }).ToListAsync(ct);
        var told = 0;
        foreach (var sample in samples)
        {
            if (await Plan(sample.ContractId, sample.AcceptedRevision, ct) is { } plan && Failures.IsOutside(plan, sample.Position) && !await IsKnown(sample.ContractId, ct))
            {
                var endpoint = await endpoints.GetSendEndpoint(Deadlines.ContractQueue);
                await endpoint.Send(new LeftArea(sample.ContractId, sample.DeviceId, sample.ReceivedAt, sample.Position!), ct);
                told++;
            }
        }

        if (told > 0)
        {
            await db.SaveChangesAsync(ct);
        }

        return told;
    }

    /// <summary>Whether it waits for a decision about just that: each further sample would say it again.</summary>
    private async Task<bool> IsKnown(Guid contractId, CancellationToken ct)
    {
        var open = await db.Contracts.AsNoTracking().Where(one => one.CorrelationId == contractId).Select(one => one.Open).SingleOrDefaultAsync(ct);
        return open is { Failure: { } first } && open.AlsoFound.Append(first).Any(one => one.Kind == Domain.FailureKind.ScopeViolated)
            || (open?.Recovery is { } recovery && recovery.Further.Append(recovery.Failure).Any(one => one.Kind == Contracts.Messages.FailureKind.ScopeViolated));
    }

    private async Task<Contract?> Plan(Guid contractId, int revision, CancellationToken ct)
    {
        if (Plans.TryGetValue((contractId, revision), out var known))
        {
            return known;
        }

        if (Plans.Count > MaxKnown)
        {
            Plans.Clear();
        }

        var json = await db.Documents.Where(row => row.ContractId == contractId && row.Revision == revision).Select(row => row.Json).SingleAsync(ct);
        var plan = ContractDocument.Parse(json);
        return Plans[(contractId, revision)] = plan.Scope.Area is null ? null : plan with { Data = [], Actions = [] };
    }
}
