namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → Scheduler: the task needs another device. Repeated until a new contract for the task exists.</summary>
public sealed record ReassignmentRequested
{
    /// <summary>The contract that gave the task up.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The task.</summary>
    public required string TaskId { get; init; }

    /// <summary>The task as it was assigned.</summary>
    public required ContractTask Task { get; init; }

    /// <summary>What is left of the plan.</summary>
    public required IReadOnlyList<PlannedAction> RemainingActions { get; init; }

    /// <summary>Devices not to be used.</summary>
    public required IReadOnlyList<string> ExcludeDevices { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>From 1; grows with each repetition.</summary>
    public required int Attempt { get; init; }
}
