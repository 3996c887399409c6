namespace ExecutionManager.Sagas;

/// <summary>A deadline has passed. <paramref name="DueAt"/> tells how overdue it is when the workers were down.</summary>
/// <param name="PutOff">True when it was put off once already.</param>
public sealed record DeadlineReached(Guid ContractId, DeadlineKind Kind, Guid Token, DateTimeOffset DueAt, bool PutOff);
