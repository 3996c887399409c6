namespace ExecutionManager.Durability;

public static class WriteTransactionExtensions
{
    /// <summary>Writes what the context tracks, and commits.</summary>
    public static Task Commit(this IWriteTransaction transaction, CancellationToken cancellationToken) =>
        transaction.Commit([], null, cancellationToken);
}
