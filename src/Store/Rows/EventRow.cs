namespace ExecutionManager.Store;

/// <summary>History and published events in one append-only sequence.</summary>
public sealed class EventRow
{
    public long Sequence { get; init; }
    public required Guid ContractId { get; init; }
    public required string Name { get; init; }
    public required int Version { get; init; }
    public required DateTimeOffset At { get; init; }
    public required string Body { get; init; }
}
