using System.Collections.Concurrent;
using System.Reflection;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using MassTransit;
using MassTransit.Middleware;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Partitioner = MassTransit.Middleware.Partitioner;

namespace ExecutionManager.Store;

public static class StoreRegistration
{
    /// <summary>Devices and contracts whose latest sample may wait for the database.</summary>
    private const int TelemetryWaiting = 100_000;

    private static readonly ConcurrentDictionary<Type, PropertyInfo?> ContractIds = new();

    /// <summary>The context on SQLite, and everything that reads and writes it.</summary>
    public static IServiceCollection AddSqliteStore(this IServiceCollection services, string connectionString)
    {
        services.AddDbContextPool<SqliteStoreContext>(options => options.UseSqlite(connectionString));
        return services.AddStore<SqliteStoreContext>();
    }

    /// <summary>The context on PostgreSQL, and everything that reads and writes it.</summary>
    public static IServiceCollection AddPostgresStore(this IServiceCollection services, string connectionString)
    {
        var connection = new NpgsqlConnectionStringBuilder(connectionString);
        // PostgreSQL takes 100 connections by default: two workers and an operator have to fit in.
        if (!connection.ContainsKey("Maximum Pool Size"))
        {
            connection.MaxPoolSize = 40;
        }

        // A few dozen statements are all there are; parsing and planning them anew costs the server more than running them.
        if (!connection.ContainsKey("Max Auto Prepare"))
        {
            connection.MaxAutoPrepare = 200;
        }

        // Nothing here leaves state in a session, so there is none to discard with each message.
        connection.NoResetOnClose = true;
        services.AddDbContextPool<PostgresStoreContext>(options => options.UseNpgsql(connection.ConnectionString).AddInterceptors(new LockClause()));
        return services.AddStore<PostgresStoreContext>();
    }

    private static IServiceCollection AddStore<TContext>(this IServiceCollection services) where TContext : StoreContext
    {
        services.AddScoped<StoreContext>(provider => provider.GetRequiredService<TContext>());
        services.AddSingleton<AcceptedDocuments>();
        services.AddScoped<IContractRecords, ContractRecords>();
        services.AddSingleton(new LatestTelemetry(TelemetryWaiting));
        services.AddSingleton<TelemetryWriter>();
        services.AddHostedService(provider => provider.GetRequiredService<TelemetryWriter>());
        services.AddScoped<Submissions>();
        services.AddScoped<EventLog>();
        services.AddSingleton<SilencesTold>();
        services.AddScoped<StalenessSweep>();
        services.AddScoped<RenewalSweep>();
        services.AddScoped<ParkedSweep>();
        services.AddScoped<RetentionSweep>();
        services.AddScoped<AreaSweep>();
        services.AddScoped<Work>();
        return services;
    }

    /// <summary>The machine and the consumers on their queues, durable on SQLite.</summary>
    public static void AddExecutionManager(this IBusRegistrationConfigurator bus) => bus.AddExecutionManager<SqliteStoreContext>();

    /// <summary>The machine and the consumers on their queues, durable on the database of this context.</summary>
    public static void AddExecutionManager<TContext>(this IBusRegistrationConfigurator bus) where TContext : StoreContext
    {
        bus.AddDurability<TContext>(options =>
        {
            options.Mandatory<SpatialDataRequested>().Mandatory<RecoveryRequested>().Mandatory<ReplanRequested>()
                .Mandatory<ReassignmentRequested>().Mandatory<EscalationRaised>();
            options.CorrelateBy = message => ContractIds.GetOrAdd(message.GetType(), static type => type.GetProperty("ContractId"))?.GetValue(message) as Guid?;
        });
        bus.AddSagaStateMachine<ContractMachine, ContractState, ContractDefinition>().DurableRepository().Endpoint(endpoint => endpoint.Name = "contract");
        bus.AddConsumer<ConnectionConsumer, DurableDefinition<ConnectionConsumer>>().Endpoint(endpoint => endpoint.Name = "device-connections");
        bus.AddConsumer<TelemetryConsumer>().Endpoint(endpoint => endpoint.Name = "telemetry");
        bus.AddConsumer<AssignmentConsumer, DurableDefinition<AssignmentConsumer>>().Endpoint(endpoint => endpoint.Name = "task-assignments");
    }

    private sealed class ContractDefinition(ContractMachine machine) : SagaDefinition<ContractState>
    {
        // More than any prefetch, so that two contracts seldom share one.
        private const int Partitions = 64;

        protected override void ConfigureSaga(IReceiveEndpointConfigurator endpoint, ISagaConfigurator<ContractState> saga, IRegistrationContext context)
        {
            // Messages of one contract wait for each other here, without a transaction, rather than at the row with one.
            var partitioner = new Partitioner(Partitions, new Murmur3UnsafeHashGenerator());
            foreach (var message in machine.Events.Select(one => one.GetType()).SelectMany(MessagesOf).Distinct())
            {
                ByContract.MakeGenericMethod(message).Invoke(null, [endpoint, partitioner, message.GetProperty("ContractId")!]);
            }

            endpoint.ConfigureReceive(receive => receive.UseFilter(new ContractMeter()));
            endpoint.UseDurableInbox(context);
        }

        private static readonly MethodInfo ByContract = typeof(ContractDefinition).GetMethod(nameof(Partition), BindingFlags.NonPublic | BindingFlags.Static)!;

        private static IEnumerable<Type> MessagesOf(Type machineEvent) =>
            machineEvent.GetInterfaces().Where(one => one.IsGenericType && one.GetGenericTypeDefinition() == typeof(Event<>)).Select(one => one.GetGenericArguments()[0]);

        private static void Partition<T>(IReceiveEndpointConfigurator endpoint, Partitioner partitioner, PropertyInfo contractId) where T : class
        {
            var key = contractId.GetMethod!.CreateDelegate<Func<T, Guid>>();
            endpoint.UsePartitioner<T>(partitioner, message => key(message.Message));
        }
    }

    private sealed class DurableDefinition<TConsumer> : ConsumerDefinition<TConsumer>
        where TConsumer : class, IConsumer
    {
        protected override void ConfigureConsumer(IReceiveEndpointConfigurator endpoint, IConsumerConfigurator<TConsumer> consumer, IRegistrationContext context) =>
            endpoint.UseDurableInbox(context);
    }
}
