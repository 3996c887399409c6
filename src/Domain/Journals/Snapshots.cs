namespace ExecutionManager.Domain;

/// <summary>Writes the journal of devices that only have snapshots.</summary>
public static class Snapshots
{
    /// <summary>
    /// The entries that lead from what is known to what the snapshot shows, in the order of the plan (an order that
    /// cannot be known costs nothing), marked as derived. Applied, the same snapshot yields none.
    /// </summary>
    public static IReadOnlyList<JournalEntry> Derive(Contract contract, Execution execution, Snapshot snapshot) =>
        throw new NotImplementedException();
}
