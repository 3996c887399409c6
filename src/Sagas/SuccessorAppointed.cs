namespace ExecutionManager.Sagas;

/// <summary>The task of a contract that is over has a new contract.</summary>
public sealed record SuccessorAppointed(Guid ContractId, Guid SuccessorId);
