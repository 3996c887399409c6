namespace ExecutionManager.Contracts.Messages;

/// <summary>
/// The execution contract. Everything is optional to read, so that a validator can name every missing field at once;
/// a document sent by the EM has all required fields and the defaults filled in.
/// </summary>
public sealed record ContractDocument
{
    /// <summary>Given by the caller or made by the EM (UUID version 7).</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public Guid? ContractId { get; init; }

    /// <summary>Required, <c>[A-Za-z0-9_-]{1,64}</c>.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? DeviceId { get; init; }

    /// <summary>Required: what is to be done.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public ContractTask? Task { get; init; }

    /// <summary>Frame of all coordinates. Default <c>wgs84</c> (longitude, latitude); else a local map in metres.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Frame { get; init; }

    /// <summary>Required: the full remaining plan, 1..500 actions, executed one after the other.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public IReadOnlyList<PlannedAction>? Actions { get; init; }

    /// <summary>What the device may do on its own.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public ContractScope? Scope { get; init; }

    /// <summary>Data that travels with the contract.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public IReadOnlyList<DataItem>? Data { get; init; }

    /// <summary>Data that the EM fetches before it pushes.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public IReadOnlyList<DataRequest>? DataRequests { get; init; }

    /// <summary>What counts as minor divergence.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public Tolerance? Tolerance { get; init; }

    /// <summary>Made by the EM, an error in a request: 1, then one more for each replan or retry.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public int? Revision { get; init; }

    /// <summary>Made by the EM, an error in a request: one more than the highest ever given for the task.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public long? FencingToken { get; init; }

    /// <summary>Made by the EM, an error in a request: the journal seq of the state this plan was made from.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public long? PlannedAtSeq { get; init; }
}
