using ExecutionManager.Contracts.Messages;
using MassTransit;

namespace ExecutionManager.Worker;

/// <summary>Hears the progress that any worker tells, for the streams of this one.</summary>
public sealed class ProgressListener(EventFeed feed) : IConsumer<ContractProgressed>
{
    public const string Queue = "event-streams";

    public Task Consume(ConsumeContext<ContractProgressed> context)
    {
        feed.Offer(context.Message);
        return Task.CompletedTask;
    }
}
