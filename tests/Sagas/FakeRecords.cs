using System.Collections.Concurrent;
using ExecutionManager.Domain;

namespace ExecutionManager.Sagas.Tests;

/// <summary>The records of contracts in memory: what the machine reads and writes beside its row.</summary>
internal sealed class FakeRecords : IContractRecords
{
    private readonly ConcurrentDictionary<(Guid, int), Contract> documents = new();
    private readonly ConcurrentDictionary<Guid, LeaseView> leases = new();

    public ConcurrentQueue<ContractEvent> Events { get; } = new();
    public ConcurrentDictionary<string, DeviceView> Devices { get; } = new();

    /// <summary>Stored before anybody knew the contract.</summary>
    public ConcurrentDictionary<Guid, IReadOnlyList<JournalEntry>> Orphans { get; } = new();

    public Task<Contract> Document(Guid contractId, int revision, CancellationToken ct) => Task.FromResult(documents[(contractId, revision)]);

    public Task<ContractState?> State(Guid contractId, CancellationToken ct) => Task.FromResult<ContractState?>(null);

    public Task<Guid?> Successor(string taskId, long fencingToken, CancellationToken ct) => Task.FromResult<Guid?>(null);

    public Task Keep(Contract contract, CancellationToken ct)
    {
        documents[(contract.ContractId, contract.Revision)] = contract;
        return Task.CompletedTask;
    }

    public Task<DeviceView> Device(string deviceId, CancellationToken ct) =>
        Task.FromResult(Devices.GetValueOrDefault(deviceId) ?? new DeviceView(deviceId, null, null, 0));

    public Task<IReadOnlyList<JournalEntry>> Held(Guid contractId, string deviceId, long afterSeq, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<JournalEntry>>([.. Orphans.GetValueOrDefault(contractId, []).Where(entry => entry.Seq > afterSeq)]);

    public Task<IReadOnlyList<JournalEntry>> Keep(Guid contractId, string deviceId, IReadOnlyList<JournalEntry> entries, CancellationToken ct) => Task.FromResult(entries);

    public Task Grant(Guid contractId, LeaseGrant grant, CancellationToken ct)
    {
        leases[contractId] = new LeaseView(Leases.SafeToReassignAt(grant.ReceivedAt, grant.ValidFor, grant.StopTime), Leases.EndAt(grant.ReceivedAt, grant.ValidFor));
        return Task.CompletedTask;
    }

    public Task<LeaseView?> Lease(Guid contractId, CancellationToken ct) => Task.FromResult(leases.GetValueOrDefault(contractId));

    public Task<LatestSample?> Latest(Guid contractId, string deviceId, CancellationToken ct) => Task.FromResult<LatestSample?>(null);

    public Task<IReadOnlyList<TurnCandidate>> Candidates(string deviceId, CancellationToken ct) => Task.FromResult<IReadOnlyList<TurnCandidate>>([]);

    public void Append(ContractEvent entry) => Events.Enqueue(entry);

    public Task Open(Guid reconciliationId, Guid contractId, DateTimeOffset requestedAt, CancellationToken ct) => Task.CompletedTask;

    public Task Close(Guid reconciliationId, Guid contractId, Divergence? report, Estimate? frozen, DateTimeOffset at, CancellationToken ct) => Task.CompletedTask;
}
