using ExecutionManager.Durability;
using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Bench;

/// <summary>The transition that is measured: one number grows, one message goes out.</summary>
public sealed record Count(Guid CounterId);

public sealed record Counted(Guid CounterId, int Total);

public sealed class CounterState : SagaStateMachineInstance, ISagaVersion
{
    public Guid CorrelationId { get; set; }
    public string CurrentState { get; set; } = "";
    public int Version { get; set; }
    public int Total { get; set; }
}

public sealed class CounterMachine : MassTransitStateMachine<CounterState>
{
    public CounterMachine()
    {
        InstanceState(x => x.CurrentState);
        Event(() => Counting, x => x.CorrelateById(y => y.Message.CounterId));
        Initially(When(Counting).Then(x => x.Saga.Total++).PublishAsync(Answer).TransitionTo(Running));
        During(Running, When(Counting).Then(x => x.Saga.Total++).PublishAsync(Answer));
    }

    public State Running { get; private set; } = null!;

    public Event<Count> Counting { get; private set; } = null!;

    private static Task<Counted> Answer(BehaviorContext<CounterState, Count> x) => Task.FromResult(new Counted(x.Saga.CorrelationId, x.Saga.Total));
}

/// <summary>The product's endpoint: a quorum queue, the inbox where there is one.</summary>
public sealed class CounterDefinition : SagaDefinition<CounterState>
{
    public const int Concurrency = 16;

    protected override void ConfigureSaga(IReceiveEndpointConfigurator endpoint, ISagaConfigurator<CounterState> saga, IRegistrationContext context)
    {
        endpoint.PrefetchCount = Concurrency;
        endpoint.ConcurrentMessageLimit = Concurrency;
        ((IRabbitMqReceiveEndpointConfigurator)endpoint).SetQuorumQueue();
        if (context.GetService(typeof(IDurableDatabase)) is not null)
        {
            endpoint.UseDurableInbox(context);
        }
    }
}

public sealed class CounterContext(DbContextOptions<CounterContext> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder model)
    {
        model.AddDurability();
        model.Entity<CounterState>(saga =>
        {
            saga.ToTable("Counters").HasKey(x => x.CorrelationId);
            saga.Property(x => x.CorrelationId).ValueGeneratedNever();
            saga.Property(x => x.Version).IsConcurrencyToken();
        });
    }
}
