using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using ExecutionManager.Durability;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace ExecutionManager.Bench;

/// <summary>The machine on one saga repository, in a virtual host of its own.</summary>
internal sealed class Contestant : IAsyncDisposable
{
    public const int Sagas = 1000;

    private const string Names = "ExecutionManager.Bench:";
    private readonly ServiceProvider services;
    private readonly IConnection connection;
    private readonly IChannel publishing;
    private readonly IChannel consuming;
    private readonly Random random = new(1);
    private int expected, heard, bytes;
    private long first;
    private TaskCompletionSource<TimeSpan> all = new();

    private Contestant(ServiceProvider services, IConnection connection, IChannel publishing, IChannel consuming) =>
        (this.services, this.connection, this.publishing, this.consuming) = (services, connection, publishing, consuming);

    /// <param name="host">The virtual host, which exists.</param>
    /// <param name="database">Where the sagas are; null: in memory.</param>
    public static async Task<Contestant> Create(Uri host, string? database)
    {
        var collection = new ServiceCollection();
        collection.AddLogging();
        if (database is not null)
        {
            collection.AddDbContextPool<CounterContext>(x => x.UseNpgsql($"{database};Maximum Pool Size=40;No Reset On Close=true"));
        }

        collection.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.SetKebabCaseEndpointNameFormatter();
            var saga = bus.AddSagaStateMachine<CounterMachine, CounterState, CounterDefinition>().Endpoint(x => x.Name = "counter");
            if (database is null)
            {
                saga.InMemoryRepository();
            }
            else
            {
                bus.AddDurability<CounterContext>();
                saga.DurableRepository();
            }

            bus.UsingRabbitMq((context, rabbit) =>
            {
                rabbit.Host(host);
                rabbit.ConfigureEndpoints(context);
            });
        });
        var services = collection.BuildServiceProvider();
        if (database is not null)
        {
            using var scope = services.CreateScope();
            await scope.ServiceProvider.GetRequiredService<CounterContext>().Database.EnsureCreatedAsync();
        }

        var connection = await new ConnectionFactory { Uri = host }.CreateConnectionAsync();
        var confirmed = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        var contestant = new Contestant(services, connection, await connection.CreateChannelAsync(confirmed), await connection.CreateChannelAsync());
        await contestant.Listen();
        // Declares its queue, so that a round can be laid there before it starts.
        await contestant.Start();
        await contestant.Stop();
        return contestant;
    }

    /// <summary>The size of an outgoing message.</summary>
    public int OutgoingBytes => bytes;

    /// <summary>Transitions a second: from the first outgoing message to the last, of messages that waited in the queue.</summary>
    public async Task<double> Round(int messages)
    {
        await Task.WhenAll(Enumerable.Range(0, messages).Select(_ => Publish(random.Next(Sagas))));
        return await Drain(messages);
    }

    /// <summary>Makes every saga, so that no round measures a creation.</summary>
    public async Task Fill()
    {
        await Task.WhenAll(Enumerable.Range(0, Sagas).Select(Publish));
        await Drain(Sagas);
    }

    public static string IdOf(int saga) => $"00000000-0000-0000-0000-{saga:D12}";

    public async ValueTask DisposeAsync()
    {
        await publishing.DisposeAsync();
        await consuming.DisposeAsync();
        await connection.DisposeAsync();
        await services.DisposeAsync();
    }

    // MassTransit's own hosted service starts and stops a bus only once.
    private IEnumerable<IHostedService> Relay => services.GetServices<IHostedService>().Where(service => service is BackgroundService);

    private async Task<double> Drain(int messages)
    {
        (expected, heard, all) = (messages, 0, new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously));
        await Start();
        var took = await all.Task;
        await Stop();
        return (messages - 1) / took.TotalSeconds;
    }

    private async Task Publish(int saga)
    {
        var envelope = new JsonObject
        {
            ["messageId"] = Guid.NewGuid().ToString(), ["messageType"] = new JsonArray($"urn:message:{Names}Count"),
            ["message"] = new JsonObject { ["counterId"] = IdOf(saga) },
        };
        var properties = new BasicProperties { ContentType = "application/vnd.masstransit+json", DeliveryMode = DeliveryModes.Persistent };
        await publishing.BasicPublishAsync($"{Names}Count", "", mandatory: true, properties, Encoding.UTF8.GetBytes(envelope.ToJsonString()));
    }

    private async Task Listen()
    {
        await consuming.ExchangeDeclareAsync($"{Names}Counted", ExchangeType.Fanout, durable: true);
        var queue = await consuming.QueueDeclareAsync();
        await consuming.QueueBindAsync(queue.QueueName, $"{Names}Counted", "");
        var consumer = new AsyncEventingBasicConsumer(consuming);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            bytes = delivery.Body.Length;
            if (++heard == 1)
            {
                first = Stopwatch.GetTimestamp();
            }

            if (heard == expected)
            {
                all.TrySetResult(Stopwatch.GetElapsedTime(first));
            }

            return Task.CompletedTask;
        };
        await consuming.BasicConsumeAsync(queue.QueueName, autoAck: true, consumer);
    }

    private async Task Start()
    {
        await services.GetRequiredService<IBusControl>().StartAsync(CancellationToken.None);
        foreach (var service in Relay)
        {
            await service.StartAsync(CancellationToken.None);
        }
    }

    private async Task Stop()
    {
        foreach (var service in Relay)
        {
            await service.StopAsync(CancellationToken.None);
        }

        await services.GetRequiredService<IBusControl>().StopAsync(CancellationToken.None);
    }
}
