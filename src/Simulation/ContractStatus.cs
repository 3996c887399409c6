namespace ExecutionManager.Simulation;

public enum ContractStatus
{
    Waiting,
    Executing,
    Paused,
    Failed,
    Completed,
    Stopped,
}
