using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Durability;

/// <summary>Everything that differs by database.</summary>
public interface IDurableDatabase
{
    /// <summary>Starts a transaction of this context; waits until this process may write.</summary>
    Task<IWriteTransaction> Begin(DbContext db, CancellationToken cancellationToken);

    /// <summary>
    /// Takes rows that are due, oldest first, so that no other relay takes them before <paramref name="until"/>, and rows
    /// awaiting consumption not at all. Rows of the destinations to pass over stay.
    /// </summary>
    Task<IReadOnlyList<OutboxMessage>> Claim(
        DbContext db, DateTime now, DateTime until, int limit, IReadOnlyCollection<string> passOver, CancellationToken cancellationToken);

    /// <summary>The database did not answer, or is busy: no fault of the message.</summary>
    bool IsUnavailable(Exception exception);

    /// <summary>Someone else was faster; trying again in a fresh scope helps.</summary>
    bool IsConflict(Exception exception);
}
