namespace ExecutionManager.Simulation;

public sealed record PushContext(string DeviceId, string ContractId, string TaskId, string TaskType, long Revision);
