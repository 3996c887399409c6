using System.Text.Json;

namespace ExecutionManager.Domain;

/// <summary>The task a contract carries out.</summary>
/// <param name="TaskId">1 to 64 of <c>A-Z a-z 0-9 _ -</c>; at most one open contract has it.</param>
/// <param name="Type">A word of the user's.</param>
/// <param name="Priority">Higher goes first; default 0.</param>
/// <param name="Parameters">A JSON object, kept as it came.</param>
public sealed record ContractTask(string TaskId, string Type, int Priority, JsonElement Parameters);
