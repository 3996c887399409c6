using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Durability.Tests;

public sealed record Count(Guid CounterId, int By);

public sealed record Counted(Guid CounterId, int Total);

public sealed record Arm(Guid CounterId, DateTime At);

public sealed record Disarm(Guid CounterId);

public sealed record Rang(Guid CounterId);

public sealed record Break(Guid CounterId);

public sealed record Asked(Guid CorrelationId);

public sealed record Unheard(Guid CounterId);

public sealed class CounterState : SagaStateMachineInstance, ISagaVersion
{
    public Guid CorrelationId { get; set; }
    public string CurrentState { get; set; } = "";
    public int Version { get; set; }
    public int Total { get; set; }
    public Guid? Alarm { get; set; }
    public int Rings { get; set; }
}

public sealed class Note
{
    public int Id { get; set; }
    public Guid CounterId { get; set; }
}

public sealed class ToyContext(DbContextOptions<ToyContext> options) : DbContext(options)
{
    public DbSet<CounterState> Counters => Set<CounterState>();

    public DbSet<Note> Notes => Set<Note>();

    public DbSet<OutboxMessage> Outbox => Set<OutboxMessage>();

    public DbSet<InboxMessage> Inbox => Set<InboxMessage>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddDurability();
        modelBuilder.Entity<CounterState>(saga =>
        {
            saga.HasKey(x => x.CorrelationId);
            saga.Property(x => x.CorrelationId).ValueGeneratedNever();
            saga.Property(x => x.Version).IsConcurrencyToken();
        });
    }
}

public sealed class CounterMachine : MassTransitStateMachine<CounterState>
{
    public CounterMachine(Fuse fuse)
    {
        InstanceState(x => x.CurrentState);
        Event(() => Counting, e => e.CorrelateById(x => x.Message.CounterId));
        Event(() => Arming, e => e.CorrelateById(x => x.Message.CounterId));
        Event(() => Disarming, e => e.CorrelateById(x => x.Message.CounterId));
        Event(() => Ringing, e => e.CorrelateById(x => x.Message.CounterId));
        Event(() => Breaking, e => e.CorrelateById(x => x.Message.CounterId));

        Initially(When(Counting).ThenAsync(Add).TransitionTo(Running));
        During(
            Running,
            When(Counting).ThenAsync(Add),
            When(Arming).ThenAsync(async x =>
            {
                var endpoint = new Uri("queue:counter");
                var scheduled = await x.ScheduleSend(endpoint, x.Message.At, new Rang(x.Saga.CorrelationId));
                x.Saga.Alarm = scheduled.TokenId;
            }),
            When(Disarming).ThenAsync(async x =>
            {
                await x.GetPayload<MessageSchedulerContext>().CancelScheduledSend(new Uri("queue:counter"), x.Saga.Alarm!.Value);
                x.Saga.Alarm = null;
            }),
            When(Ringing).Then(x => x.Saga.Rings++),
            When(Breaking).ThenAsync(Add).Then(_ =>
            {
                if (fuse.IsBlown)
                    throw new InvalidOperationException("The fuse is blown.");
            }));

        async Task Add<T>(BehaviorContext<CounterState, T> x) where T : class
        {
            x.Saga.Total += x.Message is Count count ? count.By : 100;
            // Added, never saved here: the transaction of the message has to take it along.
            x.GetPayload<IServiceProvider>().GetRequiredService<ToyContext>().Notes.Add(new Note { CounterId = x.Saga.CorrelationId });
            await x.Publish(new Counted(x.Saga.CorrelationId, x.Saga.Total));
        }
    }

    public State Running { get; private set; } = null!;

    public Event<Count> Counting { get; private set; } = null!;

    public Event<Arm> Arming { get; private set; } = null!;

    public Event<Disarm> Disarming { get; private set; } = null!;

    public Event<Rang> Ringing { get; private set; } = null!;

    public Event<Break> Breaking { get; private set; } = null!;
}

public sealed class CounterDefinition : SagaDefinition<CounterState>
{
    public CounterDefinition() => EndpointName = "counter";

    protected override void ConfigureSaga(IReceiveEndpointConfigurator endpointConfigurator, ISagaConfigurator<CounterState> sagaConfigurator, IRegistrationContext context)
    {
        if (context.GetRequiredService<Fuse>().HasInbox)
            endpointConfigurator.UseDurableInbox(context);
    }
}

/// <summary>How the toy saga fails, and how it is set up.</summary>
public sealed class Fuse
{
    public bool IsBlown { get; set; }

    public bool HasInbox { get; init; } = true;
}

public sealed class Heard
{
    private readonly List<(string By, Counted Message)> messages = [];

    public IReadOnlyList<(string By, Counted Message)> Messages
    {
        get
        {
            lock (messages)
                return [.. messages];
        }
    }

    public void Add(string by, Counted message)
    {
        lock (messages)
            messages.Add((by, message));
    }
}

public sealed class FirstListener(Heard heard) : IConsumer<Counted>
{
    public Task Consume(ConsumeContext<Counted> context)
    {
        heard.Add("first", context.Message);
        return Task.CompletedTask;
    }
}

public sealed class SecondListener(Heard heard) : IConsumer<Counted>
{
    public Task Consume(ConsumeContext<Counted> context)
    {
        heard.Add("second", context.Message);
        return Task.CompletedTask;
    }
}

/// <summary>Has no inbox: what it publishes is stored at once.</summary>
public sealed class Forwarder : IConsumer<Unheard>
{
    public Task Consume(ConsumeContext<Unheard> context) => context.Publish(new Counted(context.Message.CounterId, -1));
}
