namespace ExecutionManager.Durability;

/// <summary>Rolled back when disposed without a commit.</summary>
public interface IWriteTransaction : IAsyncDisposable
{
    Task Commit(CancellationToken cancellationToken);
}
