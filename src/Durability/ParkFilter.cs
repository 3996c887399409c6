using System.Text.Json;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ExecutionManager.Durability;

/// <summary>
/// The in-memory transport's _error and _skipped queues end with the process. Here a message that failed after all retries,
/// or that nothing at its endpoint understands, becomes a parked row of that endpoint, with its error, to be sent again.
/// </summary>
internal sealed class ParkFilter(WriteQueue queue, TimeProvider clock, ILogger<ParkFilter> logger) : IFilter<ExceptionReceiveContext>, IFilter<ReceiveContext>
{
    public Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next) => Park(context, context.ExceptionInfo.Message, context.Exception.ToString());

    public Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        const string skipped = "Nothing at this endpoint consumes this message.";
        return Park(context, skipped, skipped);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("park");

    private async Task Park(ReceiveContext context, string reason, string error)
    {
        context.TryGetPayload<ConsumeContext>(out var message);
        var now = clock.GetUtcNow().UtcDateTime;
        var endpoint = context.InputAddress.EndpointName();
        var id = message?.MessageId ?? context.GetMessageId() ?? NewId.NextGuid();
        var headers = context.TransportHeaders.GetAll().Where(x => x.Value is string).ToDictionary(x => x.Key, x => x.Value);
        var row = new OutboxMessage
        {
            MessageId = id,
            Destination = endpoint,
            MessageType = string.Join(';', message?.SupportedMessageTypes ?? []),
            ContentType = context.ContentType?.ToString() ?? "application/vnd.masstransit+json",
            Body = context.Body.GetBytes(),
            Headers = headers.Count == 0 ? null : JsonSerializer.Serialize(headers),
            CorrelationId = message?.CorrelationId,
            EnqueuedAt = now,
            ParkedAt = now,
            LastError = error
        };
        await queue.Run(
            async (db, cancellationToken) =>
            {
                var parked = await db.Set<OutboxMessage>().Where(x => x.MessageId == id && x.Destination == endpoint).ExecuteUpdateAsync(
                    x => x.SetProperty(p => p.ParkedAt, now).SetProperty(p => p.LastError, error).SetProperty(p => p.DueAt, (DateTime?)null).SetProperty(p => p.SentAt, (DateTime?)null),
                    cancellationToken);
                row.Sequence = 0;
                if (parked == 0)   // It was sent past the outbox.
                    db.Add(row);
            },
            context.CancellationToken);
        context.GetOrAddPayload(() => new Settled());
        DurabilityMeter.Parked.Add(1);
        logger.MessageParked(id, row.MessageType, endpoint, reason);
    }
}
