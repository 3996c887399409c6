using MassTransit;
using MassTransit.Middleware;
using Microsoft.Extensions.Logging;

namespace ExecutionManager.Durability;

/// <summary>One transaction for each consumed message; the acknowledgement follows the commit.</summary>
/// <typeparam name="TKind">ISaga: the inbox row goes to the database with the load of the saga. IConsumer: on its own, before the consumer.</typeparam>
internal sealed class InboxContextFactory<TKind>(
    DurableContext context, IDurableDatabase database, OutboxRows rows, RoutingTable routes, OutboxSignal signal, TimeProvider clock,
    IServiceProvider services, ILogger<InboxContextFactory<TKind>> logger)
    : IOutboxContextFactory<TKind>
    where TKind : class
{
    public async Task Send<T>(ConsumeContext<T> message, OutboxConsumeOptions options, IPipe<OutboxConsumeContext<T>> next) where T : class
    {
        // A redelivery may have a new id; the first one tells that it is the same message.
        var messageId = message.GetOriginalMessageId()
            ?? throw new MessageException(typeof(T), "A message without an id cannot be told from its duplicate.");
        var incoming = Incoming(message);

        await using var work = await UnitOfWork.Begin(context.Db, database, signal, message.CancellationToken);
        work.Expect(new InboxMessage { MessageId = messageId, ConsumerId = options.ConsumerId, ReceivedAt = clock.GetUtcNow().UtcDateTime });
        if (typeof(TKind) != typeof(ISaga))
            await work.Receive(message.CancellationToken);
        await work.Run(() => next.Send(new InboxConsumeContext<T>(message, options, services, work, rows)), incoming, message.CancellationToken);
        if (work.IsDuplicate)
        {
            DurabilityMeter.Duplicates.Add(1);
            logger.Duplicate(messageId, options.ConsumerType);
        }
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
