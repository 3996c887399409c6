using MassTransit;
using MassTransit.Context;
using MassTransit.Middleware.Outbox;
using MassTransit.Scheduling;

namespace ExecutionManager.Durability;

/// <summary>Gives every consume pipe the durable scheduler: in the message's transaction if there is one, else on its own.</summary>
internal sealed class SchedulerFilter(StandaloneOutbox standalone) : IFilter<ConsumeContext>
{
    public Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        context.AddOrUpdatePayload<MessageSchedulerContext>(() => For(context), _ => For(context));
        return next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("durableScheduler");

    private ConsumeMessageSchedulerContext For(ConsumeContext context) => new(context, Create);

    // Called again with the innermost context, so that an ambient transaction is seen.
    private MessageScheduler Create(ConsumeContext context)
    {
        ISendEndpointProvider endpoints = context.TryGetPayload<IInboxScope>(out var inbox) && inbox.Work.IsOpen
            ? context
            : new OutboxSendEndpointProvider(standalone, context.ReceiveContext.SendEndpointProvider);
        return new MessageScheduler(new DurableScheduler(endpoints, standalone.Cancel), context.GetPayload<IBusTopology>());
    }
}
