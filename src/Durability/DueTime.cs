using MassTransit;

namespace ExecutionManager.Durability;

/// <summary>When a message is to be sent: MassTransit's own delay is measured by the machine's clock, not by ours.</summary>
internal sealed record DueTime(DateTime At);

/// <summary>Makes a send a scheduled one.</summary>
internal sealed class DuePipe<T>(IPipe<SendContext<T>> next, DateTime at, Guid token) : IPipe<SendContext<T>> where T : class
{
    public async Task Send(SendContext<T> context)
    {
        await next.Send(context);
        context.ScheduledMessageId = token;
        context.Headers.Set(MessageHeaders.SchedulingTokenId, token.ToString("D"));
        context.AddOrUpdatePayload(() => new DueTime(at), _ => new DueTime(at));
    }

    public void Probe(ProbeContext context) => next.Probe(context);
}
