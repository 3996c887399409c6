using System.Net.Mime;
using MassTransit;
using MassTransit.Serialization;

namespace ExecutionManager.Durability;

internal sealed class BusOutboxSender(IBusControl bus) : IOutboxSender
{
    public async Task Send(OutboxMessage message, CancellationToken cancellationToken)
    {
        try
        {
            var endpoint = await bus.GetSendEndpoint(message.Address);
            await endpoint.Send(new SerializedMessageBody(), new Stored(message), cancellationToken);
        }
        catch (Exception exception) when (bus.CheckHealth().Status == BusHealthStatus.Unhealthy)
        {
            throw new TransportUnavailableException(exception);
        }
    }

    private sealed class Stored(OutboxMessage message) : IPipe<SendContext>
    {
        public Task Send(SendContext context)
        {
            context.MessageId = message.MessageId;
            context.CorrelationId = message.CorrelationId;
            context.SupportedMessageTypes = message.MessageType.Split(';');
            foreach (var header in message.TransportHeaders())
                context.Headers.Set(header.Key, header.Value);
            context.Serializer = new CopyBodySerializer(new ContentType(message.ContentType), new BytesMessageBody(message.Body));
            return Task.CompletedTask;
        }

        public void Probe(ProbeContext context)
        {
        }
    }
}
