using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Sagas;

/// <summary>The device of a contract connected, was lost for longer than the grace, or was heard again.</summary>
/// <param name="Change">Counts the changes of this device's connection: no order of delivery is assumed.</param>
/// <param name="BirthEpoch">The epoch of a birth whose contract list was read (it may be an older one); then <paramref name="Listing"/> null means: not listed.</param>
public sealed record ConnectionChanged(
    Guid ContractId,
    string DeviceId,
    long Change,
    long ConnectionEpoch,
    bool Connected,
    DateTimeOffset At,
    string? Reason,
    EvidenceKind Evidence,
    long? BirthEpoch,
    ContractListing? Listing);
