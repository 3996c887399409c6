using System.Data.Common;
using System.Text.RegularExpressions;
using ExecutionManager.Domain;
using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.World.Tests;

/// <summary>The worlds must be able to fail: each of these rules is broken by composition, and has to be missed.</summary>
public class When_a_rule_is_broken_on_purpose
{
    [Test]
    public Task Should_miss_the_inbox() => Expect("the same input twice changes nothing", services =>
        Decorate<IDurableDatabase>(services, real => new OtherDatabase(real) { ForgetsWhatItReceived = true }));

    [Test]
    public Task Should_miss_a_deadline() => Expect("every armed deadline is a row", services =>
        Decorate<IDurableDatabase>(services, real => new OtherDatabase(real) { LosesDeadlines = true }));

    [Test]
    public Task Should_miss_entries_that_were_acknowledged_and_not_stored() => Expect("no report is lost", services =>
        Decorate<IContractRecords>(services, real => new OtherRecords(real) { LosesEntries = true }));

    [Test]
    public Task Should_miss_the_time_that_a_device_may_still_execute() => Expect("at most one device executes a task", services =>
        Decorate<IContractRecords>(services, real => new OtherRecords(real) { BelievesLeasesShort = true }));

    [Test]
    public Task Should_miss_the_time_that_a_device_takes_to_stop() => Expect("a device stands still by safeToReassignAt", services =>
        Decorate<IContractRecords>(services, real => new OtherRecords(real) { ForgetsStopTime = true }));

    [Test]
    public Task Should_miss_that_what_is_being_stopped_gets_no_lease() => Expect("no lease is renewed of what is being stopped", services =>
        services.ConfigureDbContext<SqliteStoreContext>(options => options.AddInterceptors(new RenewsAlways())));

    [Test]
    public Task Should_miss_that_a_push_in_doubt_may_have_arrived() => Expect("at most one device executes a task", services =>
        Decorate<IDurableDatabase>(services, real => new OtherDatabase(real) { TakesDoubtForRefusal = true }), plan => plan with { Unkindness = 0.4, LongActions = 0.9, HasDeviceWithoutLease = false, Contracts = 7 });

    private static async Task Expect(string law, Action<IServiceCollection> weaken, Func<WorldPlan, WorldPlan>? likelier = null)
    {
        var told = new List<string>();
        for (var seed = 1; seed <= 200; seed++)
        {
            try
            {
                var plan = WorldPlan.Of(seed) with { Weaken = weaken };
                await World.Live(likelier?.Invoke(plan) ?? plan, new Census());
            }
            catch (AssertionException e)
            {
                told.Add(e.Message.Split('\n')[0]);
                if (told[^1].Contains(law, StringComparison.Ordinal))
                    return;
            }
        }
        Assert.Fail($"No world found it: {law}\n{string.Join('\n', told)}");
    }

    private static void Decorate<T>(IServiceCollection services, Func<T, T> decorate) where T : class
    {
        var real = services.Last(service => service.ServiceType == typeof(T));
        services.Remove(real);
        services.Add(new ServiceDescriptor(
            typeof(T),
            provider => decorate((T)(real.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, real.ImplementationType!))),
            real.Lifetime));
    }

    /// <summary>The sweep of renewals asks no longer whether a lease may be renewed.</summary>
    private sealed class RenewsAlways : DbCommandInterceptor
    {
        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            if (command.CommandText.Contains("RenewAt", StringComparison.Ordinal))
                command.CommandText = Regex.Replace(command.CommandText, """(WHERE|AND) "\w+"\."Renewable" """, "$1 1 ");
            return new(result);
        }
    }

    private sealed class OtherDatabase(IDurableDatabase real) : IDurableDatabase
    {
        public bool ForgetsWhatItReceived { get; init; }
        public bool LosesDeadlines { get; init; }
        public bool TakesDoubtForRefusal { get; init; }

        public async Task<IWriteTransaction> Begin(DbContext db, CancellationToken cancellationToken) =>
            new OtherTransaction(await real.Begin(db, cancellationToken), this);

        public Task<IReadOnlyList<OutboxMessage>> Claim(
        DbContext db, DateTime now, DateTime until, int limit, IReadOnlyCollection<string> passOver, CancellationToken cancellationToken) =>
            real.Claim(db, now, until, limit, passOver, cancellationToken);

        public bool IsUnavailable(Exception exception) => real.IsUnavailable(exception);

        public bool IsConflict(Exception exception) => real.IsConflict(exception);
    }

    private sealed class OtherTransaction(IWriteTransaction real, OtherDatabase rules) : IWriteTransaction
    {
        public async Task<bool> TryReceive(InboxMessage row, CancellationToken cancellationToken) =>
            await real.TryReceive(row, cancellationToken) || rules.ForgetsWhatItReceived;

        public async Task<TSaga?> Load<TSaga>(Guid correlationId, CancellationToken cancellationToken) where TSaga : class, ISaga
        {
            var saga = await real.Load<TSaga>(correlationId, cancellationToken);
            if (rules.TakesDoubtForRefusal && saga is ContractState { CurrentState: "AwaitingConnection", AcceptedRevision: 0 } inDoubt)
                inDoubt.SentRevision = 0;
            return saga;
        }

        public Task Cancel(Guid schedulingToken, CancellationToken cancellationToken) => real.Cancel(schedulingToken, cancellationToken);

        public Task AddIfAbsent(object row, CancellationToken cancellationToken) => real.AddIfAbsent(row, cancellationToken);

        public Task Commit(IReadOnlyCollection<OutboxMessage> rows, (Guid MessageId, string Endpoint)? consumed, CancellationToken cancellationToken) =>
            real.Commit(rules.LosesDeadlines ? [.. rows.Where(row => row.SchedulingToken is not { } token || token.ToByteArray()[0] % 50 != 0)] : rows, consumed, cancellationToken);

        public ValueTask DisposeAsync() => real.DisposeAsync();
    }

    private sealed class OtherRecords(IContractRecords real) : IContractRecords
    {
        public bool LosesEntries { get; init; }
        public bool BelievesLeasesShort { get; init; }
        public bool ForgetsStopTime { get; init; }

        public async Task<LeaseView?> Lease(Guid contractId, CancellationToken ct) => await real.Lease(contractId, ct) is not { } lease ? null
            : BelievesLeasesShort ? lease with { SafeToReassignAt = lease.EndsAt - TimeSpan.FromSeconds(15) }
            : lease;

        public Task<IReadOnlyList<JournalEntry>> Keep(Guid contractId, string deviceId, IReadOnlyList<JournalEntry> entries, CancellationToken ct) =>
            real.Keep(contractId, deviceId, LosesEntries ? [.. entries.Where(entry => entry.Seq % 3 != 0)] : entries, ct);

        public Task<Contract> Document(Guid contractId, int revision, CancellationToken ct) => real.Document(contractId, revision, ct);

        public Task<ContractState?> State(Guid contractId, CancellationToken ct) => real.State(contractId, ct);

        public Task<Guid?> Successor(string taskId, long fencingToken, CancellationToken ct) => real.Successor(taskId, fencingToken, ct);

        public Task Keep(Contract contract, CancellationToken ct) => real.Keep(contract, ct);

        public Task<DeviceView> Device(string deviceId, CancellationToken ct) => real.Device(deviceId, ct);

        public Task<IReadOnlyList<JournalEntry>> Held(Guid contractId, string deviceId, long afterSeq, CancellationToken ct) => real.Held(contractId, deviceId, afterSeq, ct);

        public Task Grant(Guid contractId, LeaseGrant grant, CancellationToken ct) =>
            real.Grant(contractId, ForgetsStopTime ? grant with { StopTime = TimeSpan.Zero } : grant, ct);

        public Task<LatestSample?> Latest(Guid contractId, string deviceId, CancellationToken ct) => real.Latest(contractId, deviceId, ct);

        public Task<IReadOnlyList<TurnCandidate>> Candidates(string deviceId, CancellationToken ct) => real.Candidates(deviceId, ct);

        public void Append(ContractEvent entry) => real.Append(entry);

        public Task Open(Guid reconciliationId, Guid contractId, DateTimeOffset requestedAt, CancellationToken ct) => real.Open(reconciliationId, contractId, requestedAt, ct);

        public Task Close(Guid reconciliationId, Guid contractId, Divergence? report, Estimate? frozen, DateTimeOffset at, CancellationToken ct) =>
            real.Close(reconciliationId, contractId, report, frozen, at, ct);
    }
}
