using ExecutionManager.Contracts.Messages;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace ExecutionManager.Adapters;

/// <summary>
/// Carries commands down to devices. Without a broker it waits, but not beyond the age of a command: what is desired is
/// repeated by the EM anyway, and a stale command only confuses. So nothing is ever moved to an error queue.
/// </summary>
public sealed class AdapterCommandConsumer(
    IDevicePublisher devices, MqttAdapterOptions options, TimeProvider time, ILogger<AdapterCommandConsumer> logger)
    : IConsumer<PushContract>, IConsumer<SetDesired>, IConsumer<RequestReport>, IConsumer<AcknowledgeJournal>, IConsumer<RejectDeviceMessage>
{
    public Task Consume(ConsumeContext<PushContract> context) => Carry(context, Downward.Write(context.Message));

    public Task Consume(ConsumeContext<SetDesired> context) => Carry(context, Downward.Write(context.Message));

    public Task Consume(ConsumeContext<RequestReport> context) => Carry(context, Downward.Write(context.Message));

    public Task Consume(ConsumeContext<AcknowledgeJournal> context) => Carry(context, Downward.Write(context.Message));

    public Task Consume(ConsumeContext<RejectDeviceMessage> context)
    {
        AdapterMetrics.Rejected.Add(1, AdapterMetrics.Reason(context.Message.Reason));
        return Carry(context, Downward.Write(context.Message));
    }

    private Task Carry(ConsumeContext context, DownwardMessage message) =>
        Carry(message, context.SentTime ?? time.GetUtcNow().UtcDateTime, context.CancellationToken);

    public async Task Carry(DownwardMessage message, DateTime sentAt, CancellationToken cancellation)
    {
        while (true)
        {
            var age = time.GetUtcNow() - new DateTimeOffset(DateTime.SpecifyKind(sentAt, DateTimeKind.Utc));
            if (age > options.CommandMaxAge)
            {
                AdapterMetrics.Dropped.Add(1, AdapterMetrics.Reason("tooOld"));
                logger.CommandDropped(message.Topic, age);
                return;
            }
            switch (await devices.PublishAsync(message, cancellation))
            {
                case DevicePublication.Published:
                    return;
                case DevicePublication.Refused:
                    AdapterMetrics.Dropped.Add(1, AdapterMetrics.Reason("refused"));
                    return;
                case DevicePublication.Unavailable:
                    await Task.Delay(options.BackOffFirst, time, cancellation);
                    break;
            }
        }
    }
}
