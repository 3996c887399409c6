using MassTransit;
using MassTransit.Context;

namespace ExecutionManager.Durability;

/// <summary>Outside the retries: a message whose database does not answer waits here, uncounted, with all its attempts left.</summary>
internal sealed class HoldFilter(DatabaseHold hold) : IFilter<ConsumeContext>
{
    public Task Send(ConsumeContext context, IPipe<ConsumeContext> next) =>
        hold.Run(() => next.Send(new Attempt(context, hold)), context.CancellationToken);

    public void Probe(ProbeContext context) => context.CreateFilterScope("databaseHold");

    /// <summary>Keeps what one attempt leaves behind out of the next, and a database that is away out of the message's faults.</summary>
    private sealed class Attempt(ConsumeContext context, DatabaseHold hold) : ConsumeContextScope(context)
    {
        public override Task NotifyFaulted<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception) =>
            hold.Covers(exception) ? Task.CompletedTask : base.NotifyFaulted(context, duration, consumerType, exception);
    }
}
