namespace ExecutionManager.Contracts.Messages;

/// <summary>
/// Scheduler → EM: the contract document, flat. Answered by <see cref="TaskAccepted"/> or <see cref="TaskRejected"/>.
/// The same document again is accepted again; another one under the same id is rejected.
/// </summary>
/// <remarks>
/// The properties are those of <see cref="ContractDocument"/>, repeated: a common base type would become a message
/// of its own on the bus. Everything is optional to read, so that the answer can name every missing field at once.
/// </remarks>
public sealed record TaskAssigned
{
    /// <summary>Required.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public Guid? ContractId { get; init; }

    /// <inheritdoc cref="ContractDocument.DeviceId"/>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? DeviceId { get; init; }

    /// <inheritdoc cref="ContractDocument.Task"/>
    [JsonIgnore(Condition = WhenWritingNull)]
    public ContractTask? Task { get; init; }

    /// <inheritdoc cref="ContractDocument.Frame"/>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Frame { get; init; }

    /// <inheritdoc cref="ContractDocument.Actions"/>
    [JsonIgnore(Condition = WhenWritingNull)]
    public IReadOnlyList<PlannedAction>? Actions { get; init; }

    /// <inheritdoc cref="ContractDocument.Scope"/>
    [JsonIgnore(Condition = WhenWritingNull)]
    public ContractScope? Scope { get; init; }

    /// <inheritdoc cref="ContractDocument.Data"/>
    [JsonIgnore(Condition = WhenWritingNull)]
    public IReadOnlyList<DataItem>? Data { get; init; }

    /// <inheritdoc cref="ContractDocument.DataRequests"/>
    [JsonIgnore(Condition = WhenWritingNull)]
    public IReadOnlyList<DataRequest>? DataRequests { get; init; }

    /// <inheritdoc cref="ContractDocument.Tolerance"/>
    [JsonIgnore(Condition = WhenWritingNull)]
    public Tolerance? Tolerance { get; init; }

    /// <inheritdoc cref="ContractDocument.Revision"/>
    [JsonIgnore(Condition = WhenWritingNull)]
    public int? Revision { get; init; }

    /// <inheritdoc cref="ContractDocument.FencingToken"/>
    [JsonIgnore(Condition = WhenWritingNull)]
    public long? FencingToken { get; init; }

    /// <inheritdoc cref="ContractDocument.PlannedAtSeq"/>
    [JsonIgnore(Condition = WhenWritingNull)]
    public long? PlannedAtSeq { get; init; }

    /// <summary>An assignment of <paramref name="document"/>.</summary>
    public static TaskAssigned From(ContractDocument document) => new()
    {
        ContractId = document.ContractId,
        DeviceId = document.DeviceId,
        Task = document.Task,
        Frame = document.Frame,
        Actions = document.Actions,
        Scope = document.Scope,
        Data = document.Data,
        DataRequests = document.DataRequests,
        Tolerance = document.Tolerance,
        Revision = document.Revision,
        FencingToken = document.FencingToken,
        PlannedAtSeq = document.PlannedAtSeq,
    };

    /// <summary>The assigned document.</summary>
    public ContractDocument ToDocument() => new()
    {
        ContractId = ContractId,
        DeviceId = DeviceId,
        Task = Task,
        Frame = Frame,
        Actions = Actions,
        Scope = Scope,
        Data = Data,
        DataRequests = DataRequests,
        Tolerance = Tolerance,
        Revision = Revision,
        FencingToken = FencingToken,
        PlannedAtSeq = PlannedAtSeq,
    };
}
