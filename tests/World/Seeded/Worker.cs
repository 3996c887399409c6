using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using MassTransit;
using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.World.Tests;

/// <summary>
/// One life of the worker process over the world's database: the real machine, consumers, sweeps, inbox and outbox. Its
/// bus is never started: due rows of its outbox lie in <see cref="Network"/> until the world delivers them.
/// </summary>
internal sealed class Worker : IAsyncDisposable
{
    private static readonly Dictionary<string, object> Envelope = new() { ["Content-Type"] = "application/vnd.masstransit+json" };

    private readonly ServiceProvider services;
    private readonly Dictionary<string, IReceiveEndpointDispatcher> endpoints;

    private Worker(Database database, TimeProvider clock, ContractSettings settings, NewGuid ids, Action<IServiceCollection>? weaken)
    {
        var collection = new ServiceCollection();
        collection.AddLogging();
        collection.AddSingleton(clock);
        collection.AddSingleton(settings);
        collection.AddSingleton(ids);
        collection.AddSqliteStore(database.ConnectionString);
        collection.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.AddExecutionManager();
            bus.AddConsumer<Adapter>();
            bus.AddConsumer<Neighbours>();
            bus.AddConsumer<Applications>();
            bus.UsingInMemory();
        });
        collection.ConfigureDbContext<SqliteStoreContext>(options => options.AddInterceptors(Fuse));
        weaken?.Invoke(collection);
        services = collection.BuildServiceProvider();
        var dispatchers = services.GetRequiredService<IReceiveEndpointDispatcherFactory>();
        endpoints = new()
        {
            ["contract"] = dispatchers.CreateSagaReceiver<ContractState>("contract"),
            ["device-connections"] = dispatchers.CreateConsumerReceiver<ConnectionConsumer>("device-connections"),
            ["telemetry"] = dispatchers.CreateConsumerReceiver<TelemetryConsumer>("telemetry"),
            ["task-assignments"] = dispatchers.CreateConsumerReceiver<AssignmentConsumer>("task-assignments"),
        };
        dispatchers.CreateConsumerReceiver<Adapter>("adapter-commands");
        dispatchers.CreateConsumerReceiver<Neighbours>("neighbours");
        dispatchers.CreateConsumerReceiver<Applications>("applications");
    }

    /// <summary>Rows on their way to their endpoints, in the order they were sent.</summary>
    public List<OutboxMessage> Network { get; } = [];

    public Fuse Fuse { get; } = new();

    /// <summary>The process starts: what was sent and not consumed is due again.</summary>
    public static async Task<Worker> Start(Database database, TimeProvider clock, ContractSettings settings, NewGuid ids, Action<IServiceCollection>? weaken)
    {
        var worker = new Worker(database, clock, settings, ids, weaken);
        await worker.services.GetRequiredService<Relay>().Recover();
        return worker;
    }

    /// <summary>A message arrives at its endpoint.</summary>
    public Task Deliver(OutboxMessage row) => endpoints[row.Destination].Dispatch(row.Body, row.TransportHeaders(), default);

    /// <summary>Telemetry is worth no row: it goes straight to its queue.</summary>
    public async Task Deliver(TelemetryReported telemetry)
    {
        var envelope = new { messageId = Guid.NewGuid(), messageType = new[] { MessageUrn.ForTypeString<TelemetryReported>() }, message = telemetry };
        await endpoints["telemetry"].Dispatch(JsonSerializer.SerializeToUtf8Bytes(envelope, WireJson.Options), Envelope, default);
        await services.GetRequiredService<TelemetryWriter>().Flush(default);
    }

    /// <summary>As the adapter and the neighbours do: committed, all of them together, when it returns.</summary>
    public async Task Publish(IEnumerable<object> messages)
    {
        await using var scope = services.CreateAsyncScope();
        var publish = scope.ServiceProvider.GetRequiredService<IPublishEndpoint>();
        foreach (var message in messages)
            await publish.Publish(message);
        await scope.ServiceProvider.GetRequiredService<StoreContext>().SaveChangesAsync();
    }

    public async Task<Submission> Submit(JsonElement document)
    {
        await using var scope = services.CreateAsyncScope();
        var submission = await scope.ServiceProvider.GetRequiredService<Submissions>().Submit(document, null, default);
        await scope.ServiceProvider.GetRequiredService<StoreContext>().SaveChangesAsync();
        return submission;
    }

    public async Task Sweep()
    {
        await using (var scope = services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<StalenessSweep>().RunOnce(default);
        await using (var scope = services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<AreaSweep>().RunOnce(default);
        await using (var scope = services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<RenewalSweep>().RunOnce(default);
    }

    public ValueTask DisposeAsync() => services.DisposeAsync();

    // These only tell the outbox who reads what: outside is the world's own business.

    private sealed class Adapter : Outside,
        IConsumer<PushContract>, IConsumer<SetDesired>, IConsumer<RequestReport>, IConsumer<AcknowledgeJournal>, IConsumer<RejectDeviceMessage>
    {
        public Task Consume(ConsumeContext<PushContract> context) => Nothing;

        public Task Consume(ConsumeContext<SetDesired> context) => Nothing;

        public Task Consume(ConsumeContext<RequestReport> context) => Nothing;

        public Task Consume(ConsumeContext<AcknowledgeJournal> context) => Nothing;

        public Task Consume(ConsumeContext<RejectDeviceMessage> context) => Nothing;
    }

    private sealed class Neighbours : Outside, IConsumer<SpatialDataRequested>, IConsumer<RecoveryRequested>, IConsumer<ReplanRequested>,
        IConsumer<ReassignmentRequested>, IConsumer<EscalationRaised>
    {
        public Task Consume(ConsumeContext<ReassignmentRequested> context) => Nothing;

        public Task Consume(ConsumeContext<EscalationRaised> context) => Nothing;

        public Task Consume(ConsumeContext<SpatialDataRequested> context) => Nothing;

        public Task Consume(ConsumeContext<RecoveryRequested> context) => Nothing;

        public Task Consume(ConsumeContext<ReplanRequested> context) => Nothing;
    }

    private sealed class Applications : Outside, IConsumer<ContractStateChanged>, IConsumer<ContractEnded>, IConsumer<LateEvidenceFound>, IConsumer<DuplicateExecution>
    {
        public Task Consume(ConsumeContext<LateEvidenceFound> context) => Nothing;

        public Task Consume(ConsumeContext<DuplicateExecution> context) => Nothing;

        public Task Consume(ConsumeContext<ContractStateChanged> context) => Nothing;

        public Task Consume(ConsumeContext<ContractEnded> context) => Nothing;
    }

    private abstract class Outside
    {
        protected static Task Nothing => throw new InvalidOperationException("The world takes what is for others.");
    }
}
