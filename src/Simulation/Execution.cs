namespace ExecutionManager.Simulation;

/// <summary>One execution of an action, in true time; pauses are inside it.</summary>
/// <param name="Outcome">finished, failed or stopped; null while it is under way.</param>
public sealed record Execution(
    string ContractId,
    string TaskId,
    long FencingToken,
    long Revision,
    string ActionId,
    string ActionType,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    string? Outcome);
