using MassTransit;
using MassTransit.Scheduling;

namespace ExecutionManager.Durability;

/// <summary>A scheduled message is an outbox row with a later due time, and a token by which it is deleted.</summary>
internal sealed class DurableScheduler(ISendEndpointProvider endpoints, Func<Guid, CancellationToken, Task> cancel) : IScheduleMessageProvider
{
    public async Task<ScheduledMessage<T>> ScheduleSend<T>(
        Uri destinationAddress, DateTime scheduledTime, T message, IPipe<SendContext<T>> pipe, CancellationToken cancellationToken)
        where T : class
    {
        var at = scheduledTime.Kind == DateTimeKind.Local ? scheduledTime.ToUniversalTime() : DateTime.SpecifyKind(scheduledTime, DateTimeKind.Utc);
        var token = ScheduleTokenIdCache<T>.GetTokenId(message);
        var endpoint = await endpoints.GetSendEndpoint(destinationAddress);
        await endpoint.Send(message, new DuePipe<T>(pipe, at, token), cancellationToken);
        return new ScheduledMessageHandle<T>(token, at, destinationAddress, message);
    }

    public Task CancelScheduledSend(Guid tokenId, CancellationToken cancellationToken) => cancel(tokenId, cancellationToken);

    public Task CancelScheduledSend(Uri destinationAddress, Guid tokenId, CancellationToken cancellationToken) => cancel(tokenId, cancellationToken);
}
