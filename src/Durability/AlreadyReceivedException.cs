namespace ExecutionManager.Durability;

/// <summary>Ends the handling of a duplicate where its saga would be loaded; never leaves the repository.</summary>
internal sealed class AlreadyReceivedException : Exception;
