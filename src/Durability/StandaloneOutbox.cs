using MassTransit;
using MassTransit.Middleware;
using MassTransit.Middleware.Outbox;
using MassTransit.Scheduling;
using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Durability;

/// <summary>
/// Sends without a transaction of the caller's: when a call returns, the message is committed. Calls side by side share a
/// commit. Inside a consumer with an inbox it joins that consumer's transaction instead.
/// </summary>
public sealed class StandaloneOutbox : OutboxSendContext
{
    private readonly OutboxRows rows;
    private readonly WriteQueue queue;
    private readonly OutboxSignal signal;
    private readonly IServiceProvider services;

    internal StandaloneOutbox(OutboxRows rows, WriteQueue queue, OutboxSignal signal, IServiceProvider services)
    {
        this.rows = rows;
        this.queue = queue;
        this.signal = signal;
        this.services = services;
    }

    public IPublishEndpoint PublishEndpoint => new PublishEndpoint(new OutboxPublishEndpointProvider(this, Bus));

    public ISendEndpointProvider SendEndpointProvider => new OutboxSendEndpointProvider(this, Bus);

    public IMessageScheduler Scheduler => new MessageScheduler(new DurableScheduler(SendEndpointProvider, Cancel), Bus.Topology);

    private IBus Bus => services.GetRequiredService<IBus>();

    async Task OutboxSendContext.AddSend<T>(SendContext<T> context)
    {
        var added = rows.From(context);
        if (added.Count == 0)
            return;
        if (UnitOfWork.Current is { } work)
        {
            work.Add(added);
            return;
        }
        await queue.Run(
            (db, _) =>
            {
                foreach (var row in added)
                    row.Sequence = 0;   // An attempt that was rolled back may have left one.
                db.AddRange(added);
                return Task.CompletedTask;
            },
            context.CancellationToken);
        signal.Set();
    }

    object? IServiceProvider.GetService(Type serviceType) => services.GetService(serviceType);

    internal Task Cancel(Guid token, CancellationToken cancellationToken) => UnitOfWork.Current is { } work
        ? work.Cancel(token, cancellationToken)
        : queue.Run((db, ct) => db.Set<OutboxMessage>().Where(x => x.SchedulingToken == token).ExecuteDeleteAsync(ct), cancellationToken);

    /// <summary>The message has been consumed at this endpoint: it need not be sent there again.</summary>
    internal Task Consumed(Guid messageId, string endpoint, CancellationToken cancellationToken) =>
        queue.Run((db, ct) => db.Set<OutboxMessage>().Delivered(messageId, endpoint).ExecuteDeleteAsync(ct), cancellationToken);
}
