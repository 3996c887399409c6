using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Durability;

/// <summary>Everything that differs by database. The hot path is Begin, TryReceive, Load, Write and Commit, in this order.</summary>
public interface IDurableDatabase
{
    /// <summary>Starts the transaction of one consumed message or of one batch; waits until this process may write.</summary>
    Task<IWriteTransaction> Begin(DbContext db, CancellationToken cancellationToken);

    /// <summary>False: this consumer has handled this message before.</summary>
    Task<bool> TryReceive(DbContext db, InboxMessage row, CancellationToken cancellationToken);

    /// <summary>The saga, locked against other writers until the transaction ends; null if there is none.</summary>
    Task<TSaga?> Load<TSaga>(DbContext db, Guid correlationId, CancellationToken cancellationToken) where TSaga : class, MassTransit.ISaga;

    /// <summary>
    /// Writes what the context tracks and these new rows, and deletes the row that brought the consumed message, if it is given.
    /// </summary>
    Task Write(DbContext db, IReadOnlyCollection<OutboxMessage> rows, (Guid MessageId, string Endpoint)? consumed, CancellationToken cancellationToken);

    /// <summary>
    /// Takes rows that are due, oldest first, so that no other relay takes them before <paramref name="until"/>, and rows
    /// awaiting consumption not at all.
    /// </summary>
    Task<IReadOnlyList<OutboxMessage>> Claim(DbContext db, DateTime now, DateTime until, int limit, CancellationToken cancellationToken);

    /// <summary>The database did not answer, or is busy: no fault of the message.</summary>
    bool IsUnavailable(Exception exception);

    /// <summary>Someone else was faster; trying again in a fresh scope helps.</summary>
    bool IsConflict(Exception exception);
}
