namespace ExecutionManager.Worker;

/// <summary>What event streams may take of a worker.</summary>
public sealed record EventStreamLimits
{
    /// <summary>Streams open at once.</summary>
    public int Streams { get; init; } = 200;

    /// <summary>Progress that waits for a reader; the oldest is dropped.</summary>
    public int Progress { get; init; } = 100;

    /// <summary>How often new events are looked for.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A comment is written when nothing else was for this long.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A reader that takes nothing of what is written for this long is cut off.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);
}
