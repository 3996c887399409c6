using System.Collections.Concurrent;
using MassTransit;
using MassTransit.Configuration;
using MassTransit.Saga;
using MassTransit.Scheduling;
using MassTransit.Testing;
using MassTransit.Transports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ExecutionManager.Sagas.Tests;

/// <summary>The machine on MassTransit's test harness, with records in memory and deadlines that never fire by themselves.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private readonly IndexedSagaDictionary<ContractState> sagas;
    private readonly Outcomes outcomes = new();

    private Bench(ServiceProvider services)
    {
        this.services = services;
        sagas = services.GetRequiredService<IndexedSagaDictionary<ContractState>>();
        Harness = services.GetRequiredService<ITestHarness>();
    }

    public ITestHarness Harness { get; }
    public FakeRecords Records => services.GetRequiredService<FakeRecords>();
    public FakeTimeProvider Time => (FakeTimeProvider)services.GetRequiredService<TimeProvider>();
    public ContractMachine Machine => services.GetRequiredService<ContractMachine>();

    public static async Task<Bench> Start(RecoveryFallback fallback = RecoveryFallback.Escalate)
    {
        var provider = new ServiceCollection()
            .AddSingleton<FakeRecords>()
            .AddSingleton<IContractRecords>(services => services.GetRequiredService<FakeRecords>())
            .AddSingleton<TimeProvider>(new FakeTimeProvider(Given.Now))
            .AddSingleton(new ContractSettings { Fallback = fallback })
            .AddSingleton<NewGuid>(Guid.NewGuid)
            .AddScoped<Work>()
            .AddMassTransitTestHarness(bus =>
            {
                // Registered inside the callback: the harness replaces repositories that were registered before it.
                bus.AddSagaStateMachine<ContractMachine, ContractState>().InMemoryRepository().Endpoint(endpoint => endpoint.Name = "contract");
                bus.AddConfigureEndpointsCallback((_, endpoint) => endpoint.ConfigureReceive(receive => receive.UseFilter(new ContractMeter())));
                bus.UsingInMemory((context, cfg) =>
                {
                    cfg.AddPrePipeSpecification(new FilterPipeSpecification<ConsumeContext>(new NeverDue()));
                    cfg.ConfigureEndpoints(context);
                });
            })
            .BuildServiceProvider(true);
        var bench = new Bench(provider);
        await bench.Harness.Start();
        bench.Harness.Bus.ConnectConsumeObserver(bench.outcomes);
        return bench;
    }

    /// <summary>With one contract as it typically is in a state, but for what a test changes, and its device connected.</summary>
    public static async Task<Bench> With(Guid contractId, string state, Action<ContractState>? change = null)
    {
        var bench = await Start();
        bench.Records.Devices[Given.Device] = Given.ConnectedDevice;
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        var saga = Given.In(state, contractId);
        change?.Invoke(saga);
        bench.Add(saga);
        return bench;
    }

    public void Add(ContractState saga) => sagas.Add(new SagaInstance<ContractState>(saga));

    public ContractState? Find(Guid contractId) => sagas[contractId]?.Instance;

    /// <summary>Sends one message and waits until the machine has handled it; a fault of the machine is thrown.</summary>
    public async Task Handle(object message)
    {
        var id = NewId.NextGuid();
        var handled = outcomes.Expect(id);
        await Harness.Bus.Publish(message, message.GetType(), context => context.MessageId = id);
        if (await handled is { } fault)
        {
            throw new AssertionException($"{message}: {fault.GetBaseException()}");
        }
    }

    /// <summary>What went out about a contract, as message names in order.</summary>
    public IReadOnlyList<string> Sent(Guid contractId) =>
    [
        .. Harness.Published.Select(_ => true)
            .Where(one => one.MessageType.Namespace == "ExecutionManager.Contracts.Messages")
            .Where(one => one.MessageType.GetProperty("ContractId")?.GetValue(one.MessageObject) is Guid id && id == contractId)
            .Select(one => one.MessageType.Name),
    ];

    public async ValueTask DisposeAsync()
    {
        await Harness.Stop();
        await services.DisposeAsync();
    }

    /// <summary>Tells for each message sent whether it was handled or faulted.</summary>
    private sealed class Outcomes : IConsumeObserver
    {
        private readonly ConcurrentDictionary<Guid, TaskCompletionSource<Exception?>> waiting = new();

        public Task<Exception?> Expect(Guid messageId) =>
            waiting.GetOrAdd(messageId, _ => new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        public Task PreConsume<T>(ConsumeContext<T> context) where T : class => Task.CompletedTask;

        public Task PostConsume<T>(ConsumeContext<T> context) where T : class => Tell(context, null);

        public Task ConsumeFault<T>(ConsumeContext<T> context, Exception exception) where T : class => Tell(context, exception);

        private Task Tell(ConsumeContext context, Exception? fault)
        {
            if (context.MessageId is { } id && waiting.TryGetValue(id, out var waits))
            {
                waits.TrySetResult(fault);
            }

            return Task.CompletedTask;
        }
    }

    /// <summary>Deadlines are kept in the saga; here none is ever due.</summary>
    private sealed class NeverDue : IFilter<ConsumeContext>, IScheduleMessageProvider
    {
        public Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
        {
            context.GetOrAddPayload<MessageSchedulerContext>(() => new MassTransit.Context.ConsumeMessageSchedulerContext(
                context, consume => new MessageScheduler(this, consume.GetPayload<IBusTopology>())));
            return next.Send(context);
        }

        public void Probe(ProbeContext context)
        {
        }

        public Task<ScheduledMessage<T>> ScheduleSend<T>(Uri destinationAddress, DateTime scheduledTime, T message, IPipe<SendContext<T>> pipe, CancellationToken cancellationToken)
            where T : class =>
            Task.FromResult<ScheduledMessage<T>>(new ScheduledMessageHandle<T>(NewId.NextGuid(), scheduledTime, destinationAddress, message));

        public Task CancelScheduledSend(Guid tokenId, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task CancelScheduledSend(Uri destinationAddress, Guid tokenId, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
