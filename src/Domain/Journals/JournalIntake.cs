namespace ExecutionManager.Domain;

/// <summary>Brings entries into order: each once, none before the one it follows.</summary>
public static class JournalIntake
{
    /// <summary>Sorts what was kept and what came now into what may be applied and what must wait.</summary>
    /// <param name="throughSeq">Applied or given up through here.</param>
    /// <param name="held">Kept from earlier, behind a gap; of two with one seq the first kept counts.</param>
    /// <param name="received">Come now, in any order, with any repetition.</param>
    /// <param name="tail">The device's newest entry, if known: what lacks up to it is missing too.</param>
    /// <param name="previousAt">The time of entry <paramref name="throughSeq"/>: no later one is earlier.</param>
    public static JournalTaken Take(
        long throughSeq,
        IEnumerable<JournalEntry> held,
        IEnumerable<JournalEntry> received,
        long tail = 0,
        DateTimeOffset? previousAt = null)
    {
        var waiting = new SortedDictionary<long, JournalEntry>();
        foreach (var entry in held.Concat(received).Where(entry => entry.Seq > throughSeq))
        {
            waiting.TryAdd(entry.Seq, entry);
        }
        var apply = new List<JournalEntry>();
        var next = throughSeq + 1;
        while (waiting.Remove(next, out var entry))
        {
            // Entries that arrived out of order were converted without knowing the one before them.
            apply.Add(entry.At < previousAt ? entry with { At = previousAt.Value, Clamped = true } : entry);
            previousAt = apply[^1].At;
            next++;
        }
        var end = waiting.Count > 0 ? waiting.Keys.First() - 1 : tail;
        return new(apply, [.. waiting.Values], end >= next ? new(next, end) : null);
    }

    /// <summary>Behind which <c>seq</c> stored entries may meet received ones; null if all of these are new.</summary>
    /// <param name="throughSeq">Applied or given up through here.</param>
    /// <param name="received">Come now.</param>
    /// <param name="isGap">Others are kept behind a gap.</param>
    public static long? LookBack(long throughSeq, IReadOnlyList<JournalEntry> received, bool isGap) =>
        received.Where(entry => isGap || entry.Seq <= throughSeq).Min(entry => (long?)entry.Seq) - 1;

    /// <summary>A stored entry and the received one that says otherwise under the same <c>seq</c>; null if none does.</summary>
    public static (JournalEntry First, JournalEntry Second)? Conflict(IEnumerable<JournalEntry> stored, IEnumerable<JournalEntry> received) =>
        stored.Join(received, first => first.Seq, second => second.Seq, (first, second) => (First: first, Second: second))
            .Where(pair => !pair.First.Says(pair.Second)).Select(pair => ((JournalEntry, JournalEntry)?)pair).FirstOrDefault();
}
