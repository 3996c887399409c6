namespace ExecutionManager.Domain;

/// <summary>What <see cref="JournalIntake"/> found.</summary>
/// <param name="Apply">The next entries, without gaps, in order.</param>
/// <param name="Held">Entries behind a gap, in order, to be kept and not applied.</param>
/// <param name="Missing">The first gap, to be asked for; null if there is none.</param>
public sealed record JournalTaken(IReadOnlyList<JournalEntry> Apply, IReadOnlyList<JournalEntry> Held, SeqRange? Missing);
