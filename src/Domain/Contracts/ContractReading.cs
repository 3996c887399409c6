namespace ExecutionManager.Domain;

/// <summary>What came of reading a request.</summary>
/// <param name="Contract">The contract; null unless <paramref name="Errors"/> is empty.</param>
/// <param name="Errors">Every fault at once: path (<c>actions[0].duration.min</c>, <c>$</c> for the whole) to reasons.</param>
/// <param name="Unchecked">
/// The contract as far as its syntax allowed, faults of meaning included: only for comparing with what was submitted
/// before (a window that is over by now is no reason to refuse a repeated request).
/// </param>
/// <param name="TooLarge">The document, defaults spelled out, is longer than <see cref="ContractDocument.MaxBytes"/>; also a fault of <c>$</c>.</param>
public sealed record ContractReading(
    Contract? Contract,
    IReadOnlyDictionary<string, string[]> Errors,
    Contract? Unchecked,
    bool TooLarge);
