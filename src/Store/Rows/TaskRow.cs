namespace ExecutionManager.Store;

/// <summary>The highest fencing token ever given for a task; kept without end.</summary>
public sealed class TaskRow
{
    public required string TaskId { get; init; }
    public long FencingToken { get; set; }
}
