using System.Text.Json.Nodes;
using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace ExecutionManager.Journeys.Tests;

/// <summary>A neighbour as docs/integrating.md tells anybody to write one: AMQP, JSON, and nothing of ours.</summary>
internal sealed class PlainClient : IAsyncDisposable
{
    private const string Prefix = "ExecutionManager.Contracts.Messages:";

    private readonly IConnection connection;
    private readonly IChannel channel;
    private readonly Channel<(string Name, JsonObject Message)> deliveries = Channel.CreateUnbounded<(string, JsonObject)>();
    private readonly List<(string Name, JsonObject Message)> heard = [];

    private PlainClient(IConnection connection, IChannel channel) => (this.connection, this.channel) = (connection, channel);

    public static async Task<PlainClient> Connect(Uri bus, IEnumerable<string> hears)
    {
        var connection = await new ConnectionFactory { Uri = bus }.CreateConnectionAsync();
        var client = new PlainClient(connection, await connection.CreateChannelAsync(new CreateChannelOptions(true, true)));
        var queue = await client.channel.QueueDeclareAsync();
        foreach (var message in hears)
        {
            await client.Declare(message);
            await client.channel.QueueBindAsync(queue.QueueName, Prefix + message, "");
        }

        var consumer = new AsyncEventingBasicConsumer(client.channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            client.deliveries.Writer.TryWrite((delivery.Exchange[Prefix.Length..], JsonNode.Parse(delivery.Body.Span)!["message"]!.AsObject()));
            await client.channel.BasicAckAsync(delivery.DeliveryTag, false);
        };
        await client.channel.BasicConsumeAsync(queue.QueueName, false, consumer);
        return client;
    }

    public async Task Publish(string message, JsonObject body, JsonObject envelope)
    {
        envelope["messageId"] = Guid.NewGuid().ToString();
        envelope["messageType"]!.AsArray()[0] = $"urn:message:{Prefix}{message}";
        envelope["message"] = body.DeepClone();
        await Declare(message);
        var properties = new BasicProperties { ContentType = "application/vnd.masstransit+json", DeliveryMode = DeliveryModes.Persistent };
        await channel.BasicPublishAsync(Prefix + message, "", false, properties, System.Text.Encoding.UTF8.GetBytes(envelope.ToJsonString()));
    }

    /// <summary>The first message of this name that is <paramref name="wanted"/>, heard already or to come.</summary>
    public async Task<JsonObject> Hear(string name, Func<JsonObject, bool> wanted, CancellationToken ct)
    {
        while (true)
        {
            if (heard.FindIndex(one => one.Name == name && wanted(one.Message)) is var found and >= 0)
            {
                var message = heard[found].Message;
                heard.RemoveAt(found);
                return message;
            }

            try
            {
                heard.Add(await deliveries.Reader.ReadAsync(ct));
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"No {name} as shown was heard, but:\n{string.Join('\n', heard.Select(one => $"{one.Name} {one.Message.ToJsonString()}"))}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync();
        await connection.DisposeAsync();
    }

    private Task Declare(string message) => channel.ExchangeDeclareAsync(Prefix + message, ExchangeType.Fanout, durable: true, autoDelete: false);
}
