using System.Net.Mime;
using MassTransit;
using MassTransit.Serialization;
using Microsoft.Extensions.Options;

namespace ExecutionManager.Durability;

internal sealed class BusOutboxSender(IBusControl bus, IOptions<DurabilityOptions> options) : IOutboxSender
{
    public bool IsAvailable => bus.CheckHealth().Status != BusHealthStatus.Unhealthy;

    public async Task Send(OutboxMessage message, CancellationToken cancellationToken)
    {
        try
        {
            var endpoint = await bus.GetSendEndpoint(message.Address);
            var isMandatory = options.Value.IsMandatory(message.MessageType.Split(';'));
            await endpoint.Send(new SerializedMessageBody(), new Stored(message, isMandatory), cancellationToken);
        }
        catch (Exception exception) when (options.Value.IsReturned(exception))
        {
            throw new NoReceiverException(exception);
        }
        catch (Exception exception) when (exception is not OperationCanceledException && bus.CheckHealth().Status != BusHealthStatus.Healthy)
        {
            throw new TransportUnavailableException(exception);
        }
    }

    private sealed class Stored(OutboxMessage message, bool isMandatory) : IPipe<SendContext>
    {
        public Task Send(SendContext context)
        {
            context.MessageId = message.MessageId;
            context.CorrelationId = message.CorrelationId;
            if (isMandatory && context is PublishContext publish)
                publish.Mandatory = true;   // A broker then gives back what no queue takes.
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
