namespace ExecutionManager.Sagas;

/// <summary>An operator's word on a contract whose device cannot be asked.</summary>
/// <param name="Status">Of the whole; null if nothing is said of it.</param>
/// <param name="Actions">By action id; an action left out is not spoken of.</param>
public sealed record ActualsAttested(
    Guid ContractId,
    DateTimeOffset At,
    Messages.ExecutionStatus? Status,
    IReadOnlyDictionary<string, Messages.SnapshotAction> Actions,
    IReadOnlyList<double>? Position,
    string Reason,
    string By);
