using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace ExecutionManager.Checker;

/// <summary>A message with the id it travels under: the same id again is the same message.</summary>
internal sealed record Message(string Id, string Type, JsonObject Body);

/// <summary>The bus as docs/messages.md describes it, without a line of the product: a client of RabbitMQ and JSON.</summary>
internal sealed class Wire : IAsyncDisposable
{
    private const string Names = "ExecutionManager.Contracts.Messages:";

    private static readonly string[] Sent = ["TaskAssigned", "DeviceConnected", "ContractAcknowledged", "ExecutionReported"];

    private static readonly string[] Heard =
    [
        "TaskAccepted", "TaskRejected", "PushContract", "RequestReport", "AcknowledgeJournal", "RejectDeviceMessage", "ContractStateChanged", "ContractEnded",
    ];

    private readonly IConnection connection;
    private readonly IChannel publishing;
    private readonly IChannel consuming;
    private readonly Channel<Message> received = Channel.CreateUnbounded<Message>();

    private Wire(IConnection connection, IChannel publishing, IChannel consuming)
    {
        this.connection = connection;
        this.publishing = publishing;
        this.consuming = consuming;
    }

    public ChannelReader<Message> Received => received.Reader;

    public static async Task<Wire> Connect(Uri bus)
    {
        var connection = await new ConnectionFactory { Uri = bus, ClientProvidedName = "checker" }.CreateConnectionAsync();
        var confirmed = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        var wire = new Wire(connection, await connection.CreateChannelAsync(confirmed), await connection.CreateChannelAsync());
        foreach (var name in Sent.Concat(Heard))
        {
            await wire.consuming.ExchangeDeclareAsync(Names + name, ExchangeType.Fanout, durable: true);
        }

        var queue = await wire.consuming.QueueDeclareAsync();
        foreach (var name in Heard)
        {
            await wire.consuming.QueueBindAsync(queue.QueueName, Names + name, "");
        }

        var consumer = new AsyncEventingBasicConsumer(wire.consuming);
        consumer.ReceivedAsync += async (_, delivery) => await wire.received.Writer.WriteAsync(Read(delivery.Body));
        await wire.consuming.BasicConsumeAsync(queue.QueueName, autoAck: true, consumer);
        return wire;
    }

    /// <summary>Returns when the broker has it.</summary>
    public async Task Publish(Message message)
    {
        var envelope = new JsonObject
        {
            ["messageId"] = message.Id, ["messageType"] = new JsonArray($"urn:message:{Names}{message.Type}"), ["message"] = message.Body.DeepClone(),
        };
        var properties = new BasicProperties { ContentType = "application/vnd.masstransit+json", DeliveryMode = DeliveryModes.Persistent };
        await publishing.BasicPublishAsync(Names + message.Type, "", mandatory: false, properties, Encoding.UTF8.GetBytes(envelope.ToJsonString()));
    }

    public async ValueTask DisposeAsync()
    {
        await publishing.DisposeAsync();
        await consuming.DisposeAsync();
        await connection.DisposeAsync();
    }

    private static Message Read(ReadOnlyMemory<byte> body)
    {
        var envelope = JsonNode.Parse(body.Span)!;
        var urn = envelope["messageType"]![0]!.GetValue<string>();
        return new Message(envelope["messageId"]!.GetValue<string>(), urn[(urn.LastIndexOf(':') + 1)..], envelope["message"]!.AsObject());
    }
}
