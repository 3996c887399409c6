using System.Text.Json;

namespace ExecutionManager.Domain;

/// <summary>A failure that evidence shows.</summary>
/// <param name="Kind">What.</param>
/// <param name="ActionId">The action it is about.</param>
/// <param name="Detail">In words.</param>
/// <param name="Seq">The journal entry that shows it; null if none does.</param>
/// <param name="At">When, on our clock; null if that is not known.</param>
/// <param name="Evidence">An object with what else shows it; null if nothing does.</param>
public sealed record FoundFailure(FailureKind Kind, string? ActionId, string Detail, long? Seq, DateTimeOffset? At, JsonElement? Evidence = null);
