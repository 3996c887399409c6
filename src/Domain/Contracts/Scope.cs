using System.Text.Json;

namespace ExecutionManager.Domain;

/// <summary>What the device may do on its own.</summary>
/// <param name="ActionTypes">The only types it may execute; at least one.</param>
/// <param name="Area">A GeoJSON Polygon or MultiPolygon in the contract's frame, kept as it came; null is everywhere.</param>
/// <param name="NotBefore">Nothing starts earlier.</param>
/// <param name="NotAfter">Nothing goes on later.</param>
/// <param name="OfflineAllowance">The lease: the longest it may go on without a grant.</param>
/// <param name="StopTime">The longest it takes to stand still, finishing an action included; default 10 s.</param>
public sealed record Scope(
    IReadOnlyList<string> ActionTypes,
    JsonElement? Area,
    DateTimeOffset? NotBefore,
    DateTimeOffset? NotAfter,
    TimeSpan OfflineAllowance,
    TimeSpan StopTime);
