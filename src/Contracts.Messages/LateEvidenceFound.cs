namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → Applications: journal entries came after the contract had ended or their range had been given up.</summary>
public sealed record LateEvidenceFound
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The device.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The task.</summary>
    public required string TaskId { get; init; }

    /// <summary>The entries, oldest first; a duplicate has the same seqs.</summary>
    public required IReadOnlyList<JournalEntry> Entries { get; init; }
}
