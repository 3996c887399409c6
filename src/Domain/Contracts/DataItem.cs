namespace ExecutionManager.Domain;

/// <summary>Data that goes with a contract, such as a map excerpt.</summary>
/// <param name="Name">1 to 64 of <c>A-Z a-z 0-9 _ -</c>.</param>
/// <param name="MediaType">Default <c>application/octet-stream</c>.</param>
/// <param name="Sha256">64 lower-case hex digits over the decoded bytes.</param>
/// <param name="Content">Base64; null where the contents were left out.</param>
public sealed record DataItem(string Name, string MediaType, string Sha256, string? Content);
