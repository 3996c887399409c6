namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → Scheduler: the assigned contract is refused and nothing was stored. A duplicate means the same.</summary>
public sealed record TaskRejected
{
    /// <summary>The refused contract; absent only if the document named none.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public Guid? ContractId { get; init; }

    /// <summary>Its task; absent only if the document named none.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? TaskId { get; init; }

    /// <summary>A stable word, for example <c>taskAlreadyAssigned</c>; absent if <see cref="Errors"/> say it all.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>With <c>taskAlreadyAssigned</c>, the contract that has the task.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public Guid? ExistingContractId { get; init; }

    /// <summary>Every offending field with what is wrong, as HTTP answers them; empty if the reason is another.</summary>
    [Wire]
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Errors { get; init; }
}
