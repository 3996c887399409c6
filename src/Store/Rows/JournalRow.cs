namespace ExecutionManager.Store;

/// <summary>One journal entry with its time converted; entries of unknown contracts lie here too.</summary>
public sealed class JournalRow
{
    public required Guid ContractId { get; init; }
    public required long Seq { get; init; }
    public required string DeviceId { get; init; }
    public required string Json { get; init; }
    public required DateTimeOffset StoredAt { get; init; }
}
