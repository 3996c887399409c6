using System.Text.Json;

namespace ExecutionManager.Simulation;

/// <param name="Seq">Starts at 1, without gaps.</param>
/// <param name="At">On the wall clock of the device, which may be wrong.</param>
public sealed record JournalEntry(long Seq, long Revision, DateTime At, string Type, string? ActionId = null, JsonElement? Data = null);
