namespace ExecutionManager.Durability;

/// <summary>The broker gave a mandatory message back: no queue takes it yet.</summary>
public sealed class NoReceiverException(Exception cause) : Exception(OutboxRows.NoReceiver, cause);
