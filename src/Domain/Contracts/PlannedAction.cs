using System.Text.Json;

namespace ExecutionManager.Domain;

/// <summary>One step of a plan.</summary>
/// <param name="ActionId">1 to 64 of <c>A-Z a-z 0-9 _ -</c>; never used for a second execution.</param>
/// <param name="ActionType">One of the scope's.</param>
/// <param name="Parameters">A JSON object, kept as it came.</param>
/// <param name="RetryOf">The action that this one repeats.</param>
/// <param name="Duration">How long it takes.</param>
/// <param name="Idempotent">True if a second execution does no harm.</param>
/// <param name="Path">A GeoJSON LineString or Point in the contract's frame, kept as it came.</param>
public sealed record PlannedAction(
    string ActionId,
    string ActionType,
    JsonElement Parameters,
    string? RetryOf,
    ActionDuration Duration,
    bool Idempotent,
    JsonElement? Path);
