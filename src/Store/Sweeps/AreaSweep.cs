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

    private static readonly string[] Running = [nameof(ContractStatus.Live), nameof(ContractStatus.Projected), nameof(ContractStatus.Reconciled)];

    /// <returns>How many contracts were told.</returns>
    public async Task<int> RunOnce(CancellationToken ct)
    {
        var since = clock.GetUtcNow() - LookBack;
        var samples = await (
            from sample in db.Samples.AsNoTracking()
            where sample.ReceivedAt > since && sample.Position != null
            join saga in db.Contracts.AsNoTracking() on sample.ContractId equals saga.CorrelationId
            where saga.DeviceId == sample.DeviceId && saga.AcceptedRevision > 0 && Running.Contains(saga.CurrentState)
            orderby sample.DeviceId
            select new { sample.ContractId, sample.DeviceId, sample.ReceivedAt, sample.Position, saga.AcceptedRevision }).ToListAsync(ct);
        var told = 0;
        foreach (var sample in samples)
        {
            if (await Plan(sample.ContractId, sample.AcceptedRevision, ct) is { } plan && Failures.IsOutside(plan, sample.Position))
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
