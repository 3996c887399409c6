namespace ExecutionManager.Durability;

/// <summary>The connection broke in the middle of a transaction: the message may be the cause, so this is tried again a few times, not for ever.</summary>
internal sealed class TransactionBrokenException(Exception cause) : Exception("The connection to the database broke in the middle of a transaction.", cause);
