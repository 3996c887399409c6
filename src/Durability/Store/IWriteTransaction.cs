using MassTransit;

namespace ExecutionManager.Durability;

/// <summary>
/// The transaction of one consumed message or one batch. These are its only round trips, in this order, so that a database
/// may put them together; rolled back when disposed without a commit.
/// </summary>
public interface IWriteTransaction : IAsyncDisposable
{
    /// <summary>False: this consumer has handled this message before.</summary>
    Task<bool> TryReceive(InboxMessage row, CancellationToken cancellationToken);

    /// <summary>The saga, tracked, locked against other writers until the transaction ends; null if there is none.</summary>
    Task<TSaga?> Load<TSaga>(Guid correlationId, CancellationToken cancellationToken) where TSaga : class, ISaga;

    /// <summary>Both of these: of a message that was handled before nothing is loaded.</summary>
    async Task<(bool IsNew, TSaga? Saga)> Receive<TSaga>(InboxMessage row, Guid correlationId, CancellationToken cancellationToken) where TSaga : class, ISaga =>
        await TryReceive(row, cancellationToken) ? (true, await Load<TSaga>(correlationId, cancellationToken)) : (false, null);

    /// <summary>Deletes scheduled messages, at the latest with the commit.</summary>
    Task Cancel(Guid schedulingToken, CancellationToken cancellationToken);

    /// <summary>Stores a row of a mapped type unless one with its keys is there, at the latest with the commit; the context does not track it.</summary>
    Task AddIfAbsent(object row, CancellationToken cancellationToken);

    /// <summary>
    /// Writes what the context tracks and these new rows, deletes the row that brought the consumed message, if given, and
    /// commits. After it the context tracks nothing.
    /// </summary>
    Task Commit(IReadOnlyCollection<OutboxMessage> rows, (Guid MessageId, string Endpoint)? consumed, CancellationToken cancellationToken);
}
