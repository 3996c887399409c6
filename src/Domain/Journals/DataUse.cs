namespace ExecutionManager.Domain;

/// <summary>A piece of data that an action said it uses.</summary>
/// <param name="Name">The name in the contract's data.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
/// <param name="ActionId">The first action that named it.</param>
public sealed record DataUse(string Name, string Sha256, string? ActionId);
