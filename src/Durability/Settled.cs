namespace ExecutionManager.Durability;

/// <summary>Marks a received message whose row has been dealt with: deleted in its transaction, or parked.</summary>
internal sealed class Settled;
