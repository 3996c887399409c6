using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Store;

/// <summary>Requests that found no receiver stay parked until one appears. Those whose request has closed are dropped, and so
/// are those that were repeated since: the newest of a request says all that they said.</summary>
public sealed class ParkedSweep(StoreContext db, ParkedMessages parked)
{
    private const int Page = 100;

    private static readonly Dictionary<string, (string Id, Func<OpenMatters, Guid, bool> IsOpen)> Requests = new(StringComparer.Ordinal)
    {
        [MessageUrn.ForTypeString<SpatialDataRequested>()] = ("requestId", (open, id) => open.Data.ContainsKey(id)),
        [MessageUrn.ForTypeString<RecoveryRequested>()] = ("recoveryId", (open, id) => open.Recovery?.RecoveryId == id),
        [MessageUrn.ForTypeString<ReplanRequested>()] = ("replanId", (open, id) => open.Replan?.ReplanId == id),
        [MessageUrn.ForTypeString<EscalationRaised>()] = ("escalationId", (open, id) => open.Escalation?.EscalationId == id),
        [MessageUrn.ForTypeString<ReassignmentRequested>()] = ("contractId", (open, _) => open.Reassignment is not null),
    };

    /// <returns>How many messages were dropped.</returns>
    public async Task<int> RunOnce(CancellationToken ct)
    {
        var dropped = 0;
        var after = 0L;
        var newest = new Dictionary<(string Type, Guid Id), Guid>();
        while (await parked.List(Page, after, ct) is { Count: > 0 } page)
        {
            after = page[^1].Sequence;
            foreach (var message in page)
            {
                var type = message.MessageType.Split(';')[0];
                if (!Requests.TryGetValue(type, out var request))
                {
                    continue;
                }

                var (id, isOpen) = await Look(message, request, ct);
                if (!isOpen)
                {
                    dropped += await parked.Delete(message.MessageId, ct);
                    continue;
                }

                if (newest.TryGetValue((type, id), out var former) && former != message.MessageId)
                {
                    dropped += await parked.Delete(former, ct);
                }

                newest[(type, id)] = message.MessageId;
            }
        }

        return dropped;
    }

    private async Task<(Guid Id, bool IsOpen)> Look(OutboxMessage message, (string Id, Func<OpenMatters, Guid, bool> IsOpen) request, CancellationToken ct)
    {
        using var envelope = JsonDocument.Parse(message.Body);
        var body = envelope.RootElement.GetProperty("message");
        var (contractId, id) = (body.GetProperty("contractId").GetGuid(), body.GetProperty(request.Id).GetGuid());
        var saga = await db.Contracts.AsNoTracking().SingleOrDefaultAsync(one => one.CorrelationId == contractId, ct);
        return (id, saga is not null && request.IsOpen(saga.Open, id));
    }
}
