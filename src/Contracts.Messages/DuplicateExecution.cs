namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → Applications: a device worked on a task after its lease or stop, while another may have had it.</summary>
public sealed record DuplicateExecution
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The device.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The task.</summary>
    public required string TaskId { get; init; }

    /// <summary>The entries that prove it, oldest first; a duplicate has the same seqs.</summary>
    public required IReadOnlyList<JournalEntry> Entries { get; init; }

    /// <summary>The contract that has the task now, if there is one.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public Guid? SuccessorId { get; init; }
}
