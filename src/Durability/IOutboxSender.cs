namespace ExecutionManager.Durability;

/// <summary>How the relay sends; a test world puts its own network in.</summary>
public interface IOutboxSender
{
    /// <summary>Returns when the transport has the message; throws <see cref="TransportUnavailableException"/> when that is no fault of the message.</summary>
    Task Send(OutboxMessage message, CancellationToken cancellationToken);

    /// <summary>False while the transport is not connected: then nothing is taken, and no failed send counts.</summary>
    bool IsAvailable => true;
}
