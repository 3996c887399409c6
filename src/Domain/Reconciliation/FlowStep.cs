namespace ExecutionManager.Domain;

/// <summary>A step to align.</summary>
/// <param name="ActionId">Steps match by id.</param>
/// <param name="Idempotent">Costs half when skipped or done besides the plan.</param>
public sealed record FlowStep(string ActionId, bool Idempotent = false);
