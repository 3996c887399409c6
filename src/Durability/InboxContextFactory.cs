using MassTransit;
using MassTransit.Middleware;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ExecutionManager.Durability;

/// <summary>One transaction for each consumed message; the acknowledgement follows the commit.</summary>
internal sealed class InboxContextFactory(
    DurableContext context, IDurableDatabase database, OutboxRows rows, RoutingTable routes, OutboxSignal signal, TimeProvider clock,
    IServiceProvider services, ILogger<InboxContextFactory> logger)
    : IOutboxContextFactory<DbContext>
{
    public async Task Send<T>(ConsumeContext<T> message, OutboxConsumeOptions options, IPipe<OutboxConsumeContext<T>> next) where T : class
    {
        // A redelivery may have a new id; the first one tells that it is the same message.
        var messageId = message.GetOriginalMessageId()
            ?? throw new MessageException(typeof(T), "A message without an id cannot be told from its duplicate.");
        var incoming = Incoming(message);

        await using var work = await UnitOfWork.Begin(context.Db, database, signal, message.CancellationToken);
        var isNew = await work.TryReceive(messageId, options.ConsumerId, clock.GetUtcNow().UtcDateTime, message.CancellationToken);
        if (!isNew)
        {
            DurabilityMeter.Duplicates.Add(1);
            logger.Duplicate(messageId, options.ConsumerType);
        }

        await work.Run(() => next.Send(new InboxConsumeContext<T>(message, options, services, work, rows, isDuplicate: !isNew)));
        await work.Commit(incoming, message.CancellationToken);
        if (incoming is not null)
            message.ReceiveContext.GetOrAddPayload(() => new Settled());
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("durableInbox");

    /// <summary>The row that brought the message, if it ends with this transaction: with two consumers it must outlive the first.</summary>
    private (Guid, string)? Incoming(ConsumeContext message)
    {
        if (message.ReceiveContext.InputAddress.Scheme != "loopback" || message.MessageId is not { } id)
            return null;
        var endpoint = message.ReceiveContext.InputAddress.EndpointName();
        return routes.HasOneConsumer(endpoint, message.SupportedMessageTypes) ? (id, endpoint) : null;
    }
}
