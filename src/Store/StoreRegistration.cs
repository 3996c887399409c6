using ExecutionManager.Contracts.Messages;
using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Store;

public static class StoreRegistration
{
    /// <summary>The context on SQLite, and everything that reads and writes it.</summary>
    public static IServiceCollection AddSqliteStore(this IServiceCollection services, string connectionString)
    {
        services.AddDbContext<SqliteStoreContext>(options => options.UseSqlite(connectionString));
        services.AddScoped<StoreContext>(provider => provider.GetRequiredService<SqliteStoreContext>());
        services.AddScoped<IContractRecords, ContractRecords>();
        services.AddScoped<Submissions>();
        services.AddScoped<StalenessSweep>();
        services.AddScoped<RenewalSweep>();
        services.AddScoped<ParkedSweep>();
        services.AddScoped<Work>();
        return services;
    }

    /// <summary>The machine and the consumers on their queues, durable.</summary>
    public static void AddExecutionManager(this IBusRegistrationConfigurator bus)
    {
        bus.AddDurability<SqliteStoreContext>(options =>
        {
            options.Mandatory<SpatialDataRequested>().Mandatory<RecoveryRequested>().Mandatory<ReplanRequested>();
            options.CorrelateBy = message => message.GetType().GetProperty("ContractId")?.GetValue(message) as Guid?;
        });
        bus.AddSagaStateMachine<ContractMachine, ContractState, ContractDefinition>().DurableRepository().Endpoint(endpoint => endpoint.Name = "contract");
        bus.AddConsumer<ConnectionConsumer, DurableDefinition<ConnectionConsumer>>().Endpoint(endpoint => endpoint.Name = "device-connections");
        bus.AddConsumer<TelemetryConsumer, DurableDefinition<TelemetryConsumer>>().Endpoint(endpoint => endpoint.Name = "telemetry");
        bus.AddConsumer<AssignmentConsumer, DurableDefinition<AssignmentConsumer>>().Endpoint(endpoint => endpoint.Name = "task-assignments");
    }

    private sealed class ContractDefinition : SagaDefinition<ContractState>
    {
        protected override void ConfigureSaga(IReceiveEndpointConfigurator endpoint, ISagaConfigurator<ContractState> saga, IRegistrationContext context) =>
            endpoint.UseDurableInbox(context);
    }

    private sealed class DurableDefinition<TConsumer> : ConsumerDefinition<TConsumer>
        where TConsumer : class, IConsumer
    {
        protected override void ConfigureConsumer(IReceiveEndpointConfigurator endpoint, IConsumerConfigurator<TConsumer> consumer, IRegistrationContext context) =>
            endpoint.UseDurableInbox(context);
    }
}
