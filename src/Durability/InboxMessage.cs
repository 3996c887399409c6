namespace ExecutionManager.Durability;

/// <summary>That one consumer has handled one message. Kept for <see cref="DurabilityOptions.InboxRetention"/>.</summary>
public sealed class InboxMessage
{
    /// <summary>The message's first id: a redelivery under a new id is still the same message.</summary>
    public Guid MessageId { get; set; }

    /// <summary>Made from the names of consumer, message and endpoint; renaming one of them resets it.</summary>
    public Guid ConsumerId { get; set; }

    public DateTime ReceivedAt { get; set; }
}
