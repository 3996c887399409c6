namespace ExecutionManager.Simulation;

public sealed record ActionContext(
    string DeviceId, string ContractId, string TaskId, string TaskType, long Revision, string ActionId, string ActionType);
