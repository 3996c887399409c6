using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Durability;

public static class DurableContextExtensions
{
    /// <summary>
    /// While a message is consumed, with its scope's context: stores a row unless one with its keys is there, with the commit and
    /// without asking first. The context does not track it.
    /// </summary>
    public static Task AddIfAbsent(this DbContext db, object row, CancellationToken cancellationToken) => UnitOfWork.Current is { } work && work.Db == db
        ? work.AddIfAbsent(row, cancellationToken)
        : throw new InvalidOperationException($"{nameof(AddIfAbsent)} needs the transaction of a consumed message, and its scope's own context.");
}
