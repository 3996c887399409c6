namespace ExecutionManager.Durability;

/// <summary>The transport is not connected: the message waits, and the attempt does not count.</summary>
public sealed class TransportUnavailableException(Exception cause) : Exception("The bus is not connected.", cause);
