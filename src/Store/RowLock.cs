namespace ExecutionManager.Store;

/// <summary>How a row is held until the transaction ends, where several processes write.</summary>
public enum RowLock
{
    /// <summary>Others may read it under the same lock; nobody may change it.</summary>
    Share,

    Update,
}
