namespace ExecutionManager.Contracts.Messages;

/// <summary>A range of journal entries, both ends inclusive.</summary>
public sealed record SeqRange
{
    /// <summary>The first.</summary>
    public required long FromSeq { get; init; }

    /// <summary>The last.</summary>
    public required long ThroughSeq { get; init; }
}
