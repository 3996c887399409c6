namespace ExecutionManager.Durability;

/// <summary>How the relay sends; a test world puts its own network in.</summary>
public interface IOutboxSender
{
    /// <summary>Returns when the transport has the message; throws <see cref="TransportUnavailableException"/> when that is no fault of the message.</summary>
    Task Send(OutboxMessage message, CancellationToken cancellationToken);
}
