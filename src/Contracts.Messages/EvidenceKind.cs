namespace ExecutionManager.Contracts.Messages;

/// <summary>How a device proves what it did.</summary>
[JsonConverter(typeof(WireConverter))]
public enum EvidenceKind
{
    /// <summary>It keeps a durable journal.</summary>
    Journal,

    /// <summary>It only reports its current state; entries are derived by comparison.</summary>
    Snapshot,
}
