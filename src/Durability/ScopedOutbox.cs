using MassTransit;
using MassTransit.Clients;
using MassTransit.DependencyInjection;
using MassTransit.Middleware;
using MassTransit.Middleware.Outbox;
using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Durability;

/// <summary>Outside consumers: what a scope sends is stored, and goes out, with the scope's SaveChanges, or not at all.</summary>
internal sealed class ScopedOutbox(IBus bus, DbContext db, OutboxRows rows, OutboxInterceptor interceptor, IClientFactory clients, IServiceProvider services)
    : ScopedBusContext, OutboxSendContext
{
    public ISendEndpointProvider SendEndpointProvider => field ??= new OutboxSendEndpointProvider(this, bus);

    public IPublishEndpoint PublishEndpoint => field ??= new PublishEndpoint(new OutboxPublishEndpointProvider(this, bus));

    // A request must leave before its answer is awaited, so it does not wait for SaveChanges.
    public IScopedClientFactory ClientFactory =>
        field ??= new ScopedClientFactory(new ClientFactory(new ScopedClientFactoryContext(clients, services)), null!);

    public Task AddSend<T>(SendContext<T> context) where T : class
    {
        var added = rows.From(context);
        lock (db)
            db.AddRange(added);
        if (added.Count > 0)
            interceptor.Added(db);
        return Task.CompletedTask;
    }

    public object? GetService(Type serviceType) => services.GetService(serviceType);
}

internal sealed class ScopedOutboxProvider(
    IBus bus, DurableContext context, OutboxRows rows, OutboxInterceptor interceptor, Bind<IBus, IClientFactory> clients,
    Bind<IBus, IScopedConsumeContextProvider> consume, IServiceProvider services)
    : IScopedBusContextProvider<IBus>
{
    public ScopedBusContext Context { get; } = consume.Value.HasContext
        ? new ConsumeContextScopedBusContext(consume.Value.GetContext(), clients.Value)
        : new ScopedOutbox(bus, context.Db, rows, interceptor, clients.Value, services);
}
