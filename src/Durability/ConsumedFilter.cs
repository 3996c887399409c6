using MassTransit;
using MassTransit.Middleware.Outbox;

namespace ExecutionManager.Durability;

/// <summary>
/// On the in-memory transport, outermost on every endpoint: what is sent from here is a row first, and the row that brought
/// the message is deleted once all its consumers are done.
/// </summary>
internal sealed class ConsumedFilter(StandaloneOutbox standalone) : IFilter<ReceiveContext>
{
    public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        await next.Send(new OutboxReceiveContext(standalone, context));
        // What was published past the outbox has no row, and nothing to ask the database for.
        if (context.TryGetPayload<Settled>(out _) || !context.TransportHeaders.TryGetHeader(OutboxMessage.HasRow, out _))
            return;
        var messageId = context.TryGetPayload<ConsumeContext>(out var message) ? message.MessageId : context.GetMessageId();
        if (messageId is { } id)
            await standalone.Consumed(id, context.InputAddress.EndpointName(), context.CancellationToken);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("consumed");
}
