using System.Text.Json;
using ExecutionManager.Domain;
using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Store;

/// <summary>The records of a contract in the database of its transaction.</summary>
public sealed class ContractRecords(StoreContext db, TimeProvider clock, AcceptedDocuments accepted) : IContractRecords
{
    private readonly List<JournalRow> added = [];

    public async Task<Contract> Document(Guid contractId, int revision, CancellationToken ct)
    {
        // Of a revision that was never sent, or whose data are still to be fetched, another worker may write another document.
        var isFinal = Tracked(contractId) is { } saga && revision <= saga.AcceptedRevision;
        if (isFinal && accepted.Find(contractId, revision) is { } known)
        {
            return known;
        }

        var row = await db.Documents.FindAsync([contractId, revision], ct)
            ?? throw new InvalidOperationException($"Contract {contractId} has no document of revision {revision}.");
        var contract = ContractDocument.Parse(row.Json);
        if (isFinal && contract.DataRequests.Count == 0)
        {
            accepted.Keep(contract, row.Json.Length);
        }

        return contract;
    }

    public async Task Keep(Contract contract, CancellationToken ct)
    {
        var json = ContractDocument.Write(contract);
        if (await db.Documents.FindAsync([contract.ContractId, contract.Revision], ct) is { } row)
        {
            row.Json = json;
        }
        else
        {
            db.Documents.Add(new DocumentRow { ContractId = contract.ContractId, Revision = contract.Revision, Json = json });
        }
    }

    public async Task<ContractState?> State(Guid contractId, CancellationToken ct) =>
        await db.Contracts.AsNoTracking().SingleOrDefaultAsync(saga => saga.CorrelationId == contractId, ct);

    public Task<Guid?> Successor(string taskId, long fencingToken, CancellationToken ct) =>
        db.Contracts.Where(saga => saga.TaskId == taskId && saga.IsOpen && saga.FencingToken > fencingToken).Select(saga => (Guid?)saga.CorrelationId).FirstOrDefaultAsync(ct);

    public async Task<DeviceView> Device(string deviceId, CancellationToken ct)
    {
        var row = await db.HoldDevice(deviceId, RowLock.Share, ct);
        var contact = await db.Contacts.AsNoTracking().SingleOrDefaultAsync(one => one.DeviceId == deviceId, ct);
        return new DeviceView(deviceId, row.Connection, contact is null ? null : new Contact(contact.Epoch, contact.ReceivedAt, contact.UptimeMs), row.Change);
    }

    public async Task<IReadOnlyList<JournalEntry>> Held(Guid contractId, string deviceId, long afterSeq, CancellationToken ct)
    {
        var rows = await db.Journal.AsNoTracking().Where(row => row.ContractId == contractId && row.DeviceId == deviceId && row.Seq > afterSeq).ToListAsync(ct);
        return [.. rows.Concat(added.Where(row => row.ContractId == contractId && row.DeviceId == deviceId && row.Seq > afterSeq)).DistinctBy(row => row.Seq).OrderBy(row => row.Seq).Select(row => JsonSerializer.Deserialize<JournalEntry>(row.Json, StoreJson.Options)!)];
    }

    public async Task<IReadOnlyList<JournalEntry>> Keep(Guid contractId, string deviceId, IReadOnlyList<JournalEntry> entries, CancellationToken ct)
    {
        if (entries.Count == 0)
        {
            return [];
        }

        // Behind the fold of a journal without a gap nothing is kept as a rule, so nobody is asked first.
        var (first, last) = (entries.Min(entry => entry.Seq), entries.Max(entry => entry.Seq));
        List<long> known = Tracked(contractId) is { Open.Gap: null } saga && first > saga.Execution.Seq
            ? []
            : await db.Journal.Where(row => row.ContractId == contractId && row.DeviceId == deviceId && row.Seq >= first && row.Seq <= last).Select(row => row.Seq).ToListAsync(ct);
        var now = clock.GetUtcNow();
        var found = entries.DistinctBy(entry => entry.Seq).Where(entry => !known.Contains(entry.Seq)).OrderBy(entry => entry.Seq).ToList();
        foreach (var entry in found)
        {
            var row = new JournalRow { ContractId = contractId, Seq = entry.Seq, DeviceId = deviceId, Json = JsonSerializer.Serialize(entry, StoreJson.Options), StoredAt = now };
            await db.AddIfAbsent(row, ct);
            added.Add(row);
        }

        return found;
    }

    public async Task Grant(Guid contractId, LeaseGrant grant, CancellationToken ct)
    {
        var row = await db.Grants.FindAsync([contractId], ct) ?? db.Grants.Add(new GrantRow { ContractId = contractId }).Entity;
        Apply(row, grant);
    }

    /// <summary>Commits a grant to its row: the newest asOf counts, and the bound over all grants never falls.</summary>
    internal static void Apply(GrantRow row, LeaseGrant grant)
    {
        row.SafeToReassignAt = Leases.SafeToReassignAt(row.SafeToReassignAt, grant.ReceivedAt, grant.ValidFor, grant.StopTime);
        row.RenewAt = grant.GrantedAt + Leases.RenewEvery(grant.ValidFor);
        (row.ValidFor, row.StopTime) = (grant.ValidFor, grant.StopTime);
        if (grant.Epoch > row.Epoch || (grant.Epoch == row.Epoch && grant.AsOf >= row.AsOf))
        {
            (row.Epoch, row.AsOf, row.EndsAt) = (grant.Epoch, grant.AsOf, Leases.EndAt(grant.ReceivedAt, grant.ValidFor));
        }
    }

    public async Task<LeaseView?> Lease(Guid contractId, CancellationToken ct) =>
        await db.Grants.FindAsync([contractId], ct) is { } row ? new LeaseView(row.SafeToReassignAt, row.EndsAt) : null;

    public async Task<LatestSample?> Latest(Guid contractId, string deviceId, CancellationToken ct) =>
        await db.Samples.AsNoTracking().SingleOrDefaultAsync(row => row.DeviceId == deviceId && row.ContractId == contractId, ct) is { } row
            ? new LatestSample(row.At, row.ActionId, row.Progress, row.Position, row.Battery)
            : null;

    public async Task<IReadOnlyList<TurnCandidate>> Candidates(string deviceId, CancellationToken ct)
    {
        var open = await db.Contracts.Where(saga => saga.DeviceId == deviceId && saga.IsOpen && saga.AcceptedRevision > 0).ToListAsync(ct);
        var candidates = new List<TurnCandidate>(open.Count);
        foreach (var saga in open)
        {
            var plan = open.Count == 1 ? null : await Document(saga.CorrelationId, saga.AcceptedRevision, ct);
            var lease = await Lease(saga.CorrelationId, ct);
            // After a failure the whole device stands still: the contract keeps its turn until a new word comes.
            var failed = saga.Execution.Status is ExecutionStatus.Failed;
            candidates.Add(new TurnCandidate(
                saga.CorrelationId, saga.Priority, saga.AcceptedAt, plan?.Scope.NotBefore, lease?.EndsAt,
                saga.Intent == Contracts.Messages.Intent.Run && !saga.Execution.IsEnded, failed || saga.Execution.Running is { Status: not ActionStatus.Paused }));
        }

        return candidates;
    }

    public void Append(ContractEvent entry) => db.Events.Add(new EventRow
    {
        ContractId = entry.ContractId, Name = entry.Name, Version = entry.Version, At = entry.At, Body = entry.Body,
    });

    public async Task Open(Guid reconciliationId, Guid contractId, DateTimeOffset requestedAt, CancellationToken ct)
    {
        if (await db.Reports.FindAsync([reconciliationId], ct) is null)
        {
            db.Reports.Add(new ReportRow { ReconciliationId = reconciliationId, ContractId = contractId, RequestedAt = requestedAt, Status = "pending" });
        }
    }

    public async Task Close(Guid reconciliationId, Guid contractId, Divergence? report, Estimate? frozen, DateTimeOffset at, CancellationToken ct)
    {
        var row = await db.Reports.FindAsync([reconciliationId], ct)
            ?? db.Reports.Add(new ReportRow { ReconciliationId = reconciliationId, ContractId = contractId, RequestedAt = at, Status = "pending" }).Entity;
        row.CompletedAt = at;
        row.Status = report is null ? "failed" : "done";
        row.Report = report is null ? null : JsonSerializer.Serialize(report, StoreJson.Options);
        row.Frozen = frozen is null ? null : JsonSerializer.Serialize(frozen, StoreJson.Options);
    }

    private ContractState? Tracked(Guid contractId) => db.Contracts.Local.FindEntry(contractId)?.Entity;
}
