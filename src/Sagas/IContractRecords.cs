using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;

namespace ExecutionManager.Sagas;

/// <summary>What a transition reads and writes beside its own row, all in the transaction of its message.</summary>
public interface IContractRecords
{
    /// <summary>The document of a revision. A contract without it is a bug and throws.</summary>
    Task<Contract> Document(Guid contractId, int revision, CancellationToken ct);

    /// <summary>The row of another contract, read without a lock; null when there is none.</summary>
    Task<ContractState?> State(Guid contractId, CancellationToken ct);

    /// <summary>The contract that has a task now, if its fencing token is higher; null when there is none.</summary>
    Task<Guid?> Successor(string taskId, long fencingToken, CancellationToken ct);

    /// <summary>Keeps a new revision, or replaces one that was never sent.</summary>
    Task Keep(Contract contract, CancellationToken ct);

    /// <summary>The device's connection, read under a shared lock; its row is made when there is none.</summary>
    Task<DeviceView> Device(string deviceId, CancellationToken ct);

    /// <summary>A device's entries of the journal behind <paramref name="afterSeq"/> that are kept but not applied.</summary>
    Task<IReadOnlyList<JournalEntry>> Held(Guid contractId, string deviceId, long afterSeq, CancellationToken ct);

    /// <summary>Stores a device's entries; those already stored are left as they are.</summary>
    /// <returns>The entries that were new.</returns>
    Task<IReadOnlyList<JournalEntry>> Keep(Guid contractId, string deviceId, IReadOnlyList<JournalEntry> entries, CancellationToken ct);

    /// <summary>Commits a grant with this transaction and raises <c>safeToReassignAt</c>, which never falls.</summary>
    Task Grant(Guid contractId, LeaseGrant grant, CancellationToken ct);

    /// <summary>The lease as granted so far, or null when nothing was ever granted.</summary>
    Task<LeaseView?> Lease(Guid contractId, CancellationToken ct);

    /// <summary>The latest telemetry of the contract's device about it, or null.</summary>
    Task<LatestSample?> Latest(Guid contractId, string deviceId, CancellationToken ct);

    /// <summary>The contracts of a device that are not over, for its turn.</summary>
    Task<IReadOnlyList<TurnCandidate>> Candidates(string deviceId, CancellationToken ct);

    /// <summary>Appends to the contract's history and to the event stream.</summary>
    void Append(ContractEvent entry);

    /// <summary>Records a manual reconciliation that is under way.</summary>
    Task Open(Guid reconciliationId, Guid contractId, DateTimeOffset requestedAt, CancellationToken ct);

    /// <summary>Records what a reconciliation found, with the projection that it was compared with.</summary>
    Task Close(Guid reconciliationId, Guid contractId, Divergence? report, Estimate? frozen, DateTimeOffset at, CancellationToken ct);
}

/// <summary>A device as a contract sees it.</summary>
/// <param name="Connection">Null when the device was never heard of.</param>
/// <param name="Contact">The newest message, null when there was none.</param>
/// <param name="Change">Counts what the contracts were told.</param>
public sealed record DeviceView(string DeviceId, Connection? Connection, Contact? Contact, long Change);


public sealed record LeaseGrant(long Epoch, long AsOf, DateTimeOffset ReceivedAt, TimeSpan ValidFor, TimeSpan StopTime, DateTimeOffset GrantedAt);

/// <param name="EndsAt">The end of the newest grant, counted from the receipt of what it echoes.</param>
public sealed record LeaseView(DateTimeOffset SafeToReassignAt, DateTimeOffset EndsAt);

public sealed record LatestSample(DateTimeOffset At, string? ActionId, double? Progress, double[]? Position, double? Battery);

/// <summary>One entry of the append-only history; <paramref name="Body"/> is its JSON as published or shown.</summary>
public sealed record ContractEvent(Guid ContractId, string Name, int Version, DateTimeOffset At, string Body);
