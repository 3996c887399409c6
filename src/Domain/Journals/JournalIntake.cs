namespace ExecutionManager.Domain;

/// <summary>Brings entries into order: each once, none before the one it follows.</summary>
public static class JournalIntake
{
    /// <summary>Sorts what was kept and what came now into what may be applied and what must wait.</summary>
    /// <param name="throughSeq">Applied or given up through here.</param>
    /// <param name="held">Kept from earlier, behind a gap.</param>
    /// <param name="received">Come now, in any order, with any repetition.</param>
    /// <param name="tail">The device's newest entry, if known: what lacks up to it is missing too.</param>
    /// <param name="previousAt">The time of entry <paramref name="throughSeq"/>: no later one is earlier.</param>
    public static JournalTaken Take(
        long throughSeq,
        IEnumerable<JournalEntry> held,
        IEnumerable<JournalEntry> received,
        long tail = 0,
        DateTimeOffset? previousAt = null) => throw new NotImplementedException();
}
