using System.Runtime.CompilerServices;
using MassTransit;
using MassTransit.Configuration;
using MassTransit.DependencyInjection;
using MassTransit.Middleware;
using MassTransit.Saga;
using MassTransit.Scheduling;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ExecutionManager.Durability;

public static class DurabilityRegistration
{
    private static readonly ConditionalWeakTable<IReceiveEndpointConfigurator, object> WithInbox = [];

    /// <summary>
    /// Makes the bus durable on one context, whose model must call <see cref="DurabilityModel.AddDurability"/>. Inside a scope
    /// IPublishEndpoint, ISendEndpointProvider and IMessageScheduler are outboxed until SaveChanges; on its own there is
    /// <see cref="StandaloneOutbox"/>. IBus itself bypasses all this.
    /// </summary>
    public static IBusRegistrationConfigurator AddDurability<TDbContext>(this IBusRegistrationConfigurator bus, Action<DurabilityOptions>? configure = null)
        where TDbContext : DbContext
    {
        bus.AddOptions<DurabilityOptions>().Configure(configure ?? (_ => { }))
            .Validate(x => x.IsValid(), "Durability: every number and duration must be above zero, MaxRetryDelay not below RetryDelay, Lease above SendTimeout.")
            .ValidateOnStart();
        bus.TryAddSingleton(TimeProvider.System);
        bus.AddSingleton<OutboxSignal>();
        bus.AddSingleton<OutboxInterceptor>();
        bus.AddSingleton<SqliteWriter>();
        bus.ConfigureDbContext<TDbContext>((services, db) =>
            db.AddInterceptors(services.GetRequiredService<OutboxInterceptor>(), services.GetRequiredService<SqliteWriter>()));
        bus.AddScoped(services => new DurableContext(services.GetRequiredService<TDbContext>()));
        bus.AddSingleton(DatabaseOf<TDbContext>);

        bus.AddSingleton<RoutingTable>();
        bus.AddSingleton<OutboxRows>();
        bus.AddSingleton<DatabaseHold>();
        bus.AddSingleton<WriteQueue>();
        bus.AddSingleton(x => new StandaloneOutbox(
            x.GetRequiredService<OutboxRows>(), x.GetRequiredService<WriteQueue>(), x.GetRequiredService<OutboxSignal>(), x));
        bus.AddScoped(x => new ParkedMessages(
            x.GetRequiredService<DurableContext>().Db, x.GetRequiredService<RoutingTable>(), x.GetRequiredService<OutboxSignal>(), x.GetRequiredService<TimeProvider>()));
        bus.AddScoped<IOutboxContextFactory<IConsumer>, InboxContextFactory<IConsumer>>();
        bus.AddScoped<IOutboxContextFactory<ISaga>, InboxContextFactory<ISaga>>();
        bus.ReplaceScoped<IScopedBusContextProvider<IBus>, ScopedOutboxProvider>();
        bus.AddScoped<IMessageScheduler>(x => new MessageScheduler(
            new DurableScheduler(x.GetRequiredService<ISendEndpointProvider>(), x.GetRequiredService<StandaloneOutbox>().Cancel), x.GetRequiredService<IBus>().Topology));

        bus.AddSingleton<IConfigureReceiveEndpoint, DurableEndpoints>();
        bus.TryAddSingleton<IOutboxSender, BusOutboxSender>();
        bus.AddSingleton(services =>
        {
            // Building the bus is what fills the routing table.
            services.GetRequiredService<IBus>();
            return new Relay(
                services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<IDurableDatabase>(),
                services.GetRequiredService<IOutboxSender>(), services.GetRequiredService<RoutingTable>(), services.GetRequiredService<DatabaseHold>(),
                services.GetRequiredService<OutboxSignal>(), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<IOptions<DurabilityOptions>>(), services.GetRequiredService<ILogger<Relay>>());
        });
        bus.AddHostedService<RelayService>();
        return bus;
    }

    /// <summary>Keeps a saga's instances in the context given to AddDurability. Their version, if any, is an ISagaVersion mapped as concurrency token.</summary>
    public static ISagaRegistrationConfigurator<TSaga> DurableRepository<TSaga>(this ISagaRegistrationConfigurator<TSaga> saga) where TSaga : class, ISaga =>
        saga.Repository(services =>
        {
            services.RegisterLoadSagaRepository<TSaga, DurableSagaRepository<TSaga>>();
            services.RegisterQuerySagaRepository<TSaga, DurableSagaRepository<TSaga>>();
            services.RegisterSagaRepository<TSaga, DbContext, SagaConsumeContextFactory<DbContext, TSaga>, DurableSagaRepository<TSaga>>();
        });

    /// <summary>
    /// One transaction for each message and consumer of this endpoint, each message once; conflicts, deadlocks and transactions whose connection
    /// broke are tried again in a fresh scope, at once and up to ten times. To be called before the consumers are configured, after other retries; a second call
    /// for the same endpoint changes nothing.
    /// </summary>
    public static void UseDurableInbox(this IReceiveEndpointConfigurator endpoint, IRegistrationContext context)
    {
        if (!WithInbox.TryAdd(endpoint, endpoint))
            return;
        var database = context.GetRequiredService<IDurableDatabase>();
        endpoint.UseMessageRetry(retry =>
        {
            retry.Handle<Exception>(database.IsConflict);
            retry.Immediate(10);
        });
        endpoint.ConnectConsumerConfigurationObserver(new OutboxConsumePipeSpecificationObserver<IConsumer>(endpoint, context));
        endpoint.ConnectSagaConfigurationObserver(new OutboxConsumePipeSpecificationObserver<ISaga>(endpoint, context));
    }

    /// <summary>Only for an endpoint declared by hand (<c>cfg.ReceiveEndpoint</c>); those of ConfigureEndpoints have it.</summary>
    public static void UseDurability(this IReceiveEndpointConfigurator endpoint, IRegistrationContext context) =>
        ActivatorUtilities.CreateInstance<DurableEndpoints>(context).Configure(endpoint.InputAddress.EndpointName(), endpoint);

    private static IDurableDatabase DatabaseOf<TDbContext>(IServiceProvider services) where TDbContext : DbContext
    {
        using var scope = services.CreateScope();
        var provider = scope.ServiceProvider.GetRequiredService<TDbContext>().Database.ProviderName;
        return provider switch
        {
            "Microsoft.EntityFrameworkCore.Sqlite" => new SqliteDatabase(),
            "Npgsql.EntityFrameworkCore.PostgreSQL" => new PostgresDatabase(services.GetRequiredService<OutboxInterceptor>()),
            _ => throw new NotSupportedException($"Durability does not know the database provider '{provider}'.")
        };
    }
}
