namespace ExecutionManager.Domain;

/// <summary>An execution contract: one task for one device, its full remaining plan and what the device may do alone.</summary>
/// <param name="ContractId">Never empty.</param>
/// <param name="DeviceId">1 to 64 of <c>A-Z a-z 0-9 _ -</c>.</param>
/// <param name="Task">What is to be done.</param>
/// <param name="Frame"><c>wgs84</c> (longitude, latitude in degrees) or the name of a local map in metres.</param>
/// <param name="Actions">1 to 500, executed one after the other.</param>
/// <param name="Scope">What the device may do on its own.</param>
/// <param name="Data">Data that goes with the contract.</param>
/// <param name="DataRequests">Data still to be fetched; no name is in both.</param>
/// <param name="Tolerance">How much divergence needs no new plan.</param>
/// <param name="Revision">From 1; +1 for each replan or retry.</param>
/// <param name="FencingToken">1 + the highest ever given for the task; 0 until it is given.</param>
/// <param name="PlannedAtSeq">The journal entry up to which this plan knows what happened.</param>
public sealed record Contract(
    Guid ContractId,
    string DeviceId,
    ContractTask Task,
    string Frame,
    IReadOnlyList<PlannedAction> Actions,
    Scope Scope,
    IReadOnlyList<DataItem> Data,
    IReadOnlyList<DataRequest> DataRequests,
    Tolerance Tolerance,
    int Revision,
    long FencingToken,
    long PlannedAtSeq);
