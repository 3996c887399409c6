namespace ExecutionManager.Sagas;

/// <summary>What the device of an earlier contract of the same task has done, told after that one was over.</summary>
/// <param name="Finished">Actions that it has finished.</param>
/// <param name="Duplicate">The entries that prove work after its lease or its stop; null when there are none.</param>
public sealed record PredecessorReported(
    Guid ContractId, Guid PredecessorId, string DeviceId, IReadOnlyList<string> Finished, Domain.SeqRange? Duplicate);
