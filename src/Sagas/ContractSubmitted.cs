namespace ExecutionManager.Sagas;

/// <summary>A contract's row is committed in its initial state: the saga starts.</summary>
public sealed record ContractSubmitted(Guid ContractId);
