namespace ExecutionManager.Domain;

/// <summary>What a snapshot says of one action.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Progress">0 to 1.</param>
public sealed record SnapshotAction(ActionStatus Status, double? Progress = null);
