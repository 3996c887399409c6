namespace ExecutionManager.Store;

/// <summary>The contract document of one revision, as JSON.</summary>
public sealed class DocumentRow
{
    public required Guid ContractId { get; init; }
    public required int Revision { get; init; }
    public required string Json { get; set; }
}
