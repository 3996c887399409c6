using MassTransit;
using MassTransit.Middleware;
using MassTransit.Middleware.Outbox;

namespace ExecutionManager.Durability;

/// <summary>Found as a payload by whatever wants to know that it runs in a message's transaction.</summary>
internal interface IInboxScope
{
    UnitOfWork Work { get; }
}

/// <summary>A consumed message whose sends are rows of the same transaction.</summary>
internal sealed class InboxConsumeContext<T>(
    ConsumeContext<T> context, OutboxConsumeOptions options, IServiceProvider services, UnitOfWork work, OutboxRows rows)
    : OutboxConsumeContextProxy<T>(context, options, services), IInboxScope
    where T : class
{
    public UnitOfWork Work => work;

    // A row that is stored is as good as delivered, so a duplicate has nothing left to do but to be acknowledged.
    public override bool IsMessageConsumed => work.IsDuplicate;

    public override bool IsOutboxDelivered => work.IsDuplicate;

    public override bool ContinueProcessing { get; set; } = true;

    public override int ReceiveCount => 1;

    public override long? LastSequenceNumber => null;

    public override Task AddSend<TMessage>(SendContext<TMessage> context)
    {
        work.Add(rows.From(context));
        return Task.CompletedTask;
    }

    public override Task SetConsumed() => Task.CompletedTask;

    public override Task SetDelivered() => Task.CompletedTask;

    public override Task<List<OutboxMessageContext>> LoadOutboxMessages() => Task.FromResult<List<OutboxMessageContext>>([]);

    public override Task NotifyOutboxMessageDelivered(OutboxMessageContext message) => Task.CompletedTask;

    public override Task RemoveOutboxMessages() => Task.CompletedTask;
}
