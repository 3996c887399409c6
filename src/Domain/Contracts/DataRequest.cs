using System.Text.Json;

namespace ExecutionManager.Domain;

/// <summary>Data that must be fetched before the contract can be pushed.</summary>
/// <param name="Name">1 to 64 of <c>A-Z a-z 0-9 _ -</c>; the name the data will have.</param>
/// <param name="Source">Who has it; default <c>equator</c>.</param>
/// <param name="Query">A JSON object, kept as it came.</param>
public sealed record DataRequest(string Name, string Source, JsonElement Query);
