using ExecutionManager.Contracts.Messages;
using MassTransit;

namespace ExecutionManager.Store;

/// <summary>Takes telemetry off its queue at once, whatever the database does: what has no room is not worth to wait for.
/// No saga is woken by it.</summary>
public sealed class TelemetryConsumer(LatestTelemetry latest) : IConsumer<TelemetryReported>
{
    public Task Consume(ConsumeContext<TelemetryReported> context)
    {
        latest.Offer(context.Message.Samples);
        return Task.CompletedTask;
    }
}
