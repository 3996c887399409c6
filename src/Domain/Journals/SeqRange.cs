namespace ExecutionManager.Domain;

/// <summary>Journal entries from and to, both included.</summary>
/// <param name="From">The first.</param>
/// <param name="To">The last.</param>
public sealed record SeqRange(long From, long To);
