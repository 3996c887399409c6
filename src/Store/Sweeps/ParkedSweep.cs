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
            var requests = page.Select(Read).OfType<Asked>().ToList();
            var ids = requests.Select(request => request.ContractId).ToHashSet();
            var open = await db.Contracts.AsNoTracking().Where(saga => ids.Contains(saga.CorrelationId))
                .Select(saga => new { saga.CorrelationId, saga.Open }).ToDictionaryAsync(saga => saga.CorrelationId, saga => saga.Open, ct);
            foreach (var request in requests)
            {
                if (!open.TryGetValue(request.ContractId, out var matters) || !Requests[request.Type].IsOpen(matters, request.Id))
                {
                    dropped += await parked.Delete(request.MessageId, ct);
                    continue;
                }

                if (newest.TryGetValue((request.Type, request.Id), out var former) && former != request.MessageId)
                {
                    dropped += await parked.Delete(former, ct);
                }

                newest[(request.Type, request.Id)] = request.MessageId;
            }
        }

        return dropped;
    }

    /// <returns>Null for what is no request, or cannot be read: it stays until an operator looks at it.</returns>
    private static Asked? Read(OutboxMessage message)
    {
        var type = message.MessageType.Split(';')[0];
        if (!Requests.TryGetValue(type, out var request))
        {
            return null;
        }

        try
        {
            using var envelope = JsonDocument.Parse(message.Body);
            var body = envelope.RootElement.GetProperty("message");
            return new Asked(message.MessageId, type, body.GetProperty("contractId").GetGuid(), body.GetProperty(request.Id).GetGuid());
        }
        catch (Exception unread) when (unread is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private sealed record Asked(Guid MessageId, string Type, Guid ContractId, Guid Id);
}
