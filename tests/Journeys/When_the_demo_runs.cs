using System.Net.Sockets;
using ExecutionManager.Domain;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using ExecutionManager.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Journeys.Tests;

/// <summary>The demo's verdict is read over HTTP, and it can be bad: what is broken here is broken by the test's own composition.</summary>
[Category("Process")]
[Parallelizable]
public sealed class When_the_demo_runs
{
    [Test]
    public async Task Should_end_with_every_contract_as_it_should()
    {
        var (code, output) = await Run();
        Assert.That(code, Is.Zero, output);
        Assert.That(output, Does.Contain("All 7 contracts ended as they should.").And.Contain("http://127.0.0.1:"));
        Assert.That(output, Does.Match("agv-5  its connection is cut, for good[\\s\\S]*agv-5  reassigned, inconclusive, by leaseEnd"), "a lease has ended");
        Assert.That(output, Does.Match("agv-5  reassigned[\\s\\S]*agv-6  completed, confirmed"), "its task goes on elsewhere");
        Assert.That(output, Does.Match("agv-7  escalated, .*an operator may [\\s\\S]*agv-7  the operator decides: retry[\\s\\S]*agv-7  completed, confirmed"), "an operator decided");
    }

    [Test]
    public async Task Should_fail_with_the_sockets_of_two_devices_blocked()
    {
        // A broker's port that takes connections and never answers: what a device hears of the world is nothing.
        using var deaf = new TcpListener(System.Net.IPAddress.Loopback, 0);
        deaf.Start();
        var port = ((System.Net.IPEndPoint)deaf.LocalEndpoint).Port;
        var (code, output) = await Run(services => services.AddSingleton(new Worker.Demo.DemoPorts("agv-2", port)).AddSingleton(new Worker.Demo.DemoPorts("agv-6", port)));
        Assert.That(code, Is.EqualTo(1), output);
        Assert.That(output, Does.Contain("FAIL agv-2").And.Contain("FAIL agv-6").And.Contain("ok   agv-1").And.Contain("ok   agv-5"));
        Assert.That(output, Does.Contain("2 of 7 contracts did not end as they should."));
    }

    [Test]
    public async Task Should_fail_with_a_rule_of_reconciliation_broken()
    {
        // Whatever reconciliation finds is stored as if the plan had been tolerant of anything.
        var (code, output) = await Run(services => services.AddScoped<IContractRecords>(provider => new Tolerant(ActivatorUtilities.CreateInstance<ContractRecords>(provider))));
        Assert.That(code, Is.EqualTo(1), output);
        Assert.That(output, Does.Contain("FAIL agv-3").And.Contain("no report of a major divergence"));
    }

    private static async Task<(int Code, string Output)> Run(Action<IServiceCollection>? compose = null)
    {
        var said = new StringWriter();
        var output = TextWriter.Synchronized(said);
        var code = await WorkerProgram.Run(["--demo", "--for", compose is null ? "120s" : "45s"], output, output, compose);
        return (code, said.ToString());
    }

    /// <summary>Records whose documents forgive every skipped action.</summary>
    private sealed class Tolerant(IContractRecords records) : IContractRecords
    {
        public async Task<Contract> Document(Guid contractId, int revision, CancellationToken ct)
        {
            var plan = await records.Document(contractId, revision, ct);
            return plan with { Tolerance = plan.Tolerance with { MinFitness = 0 } };
        }

        public Task<ContractState?> State(Guid contractId, CancellationToken ct) => records.State(contractId, ct);
        public Task<Guid?> Successor(string taskId, long fencingToken, CancellationToken ct) => records.Successor(taskId, fencingToken, ct);
        public Task Keep(Contract contract, CancellationToken ct) => records.Keep(contract, ct);
        public Task<DeviceView> Device(string deviceId, CancellationToken ct) => records.Device(deviceId, ct);
        public Task<IReadOnlyList<JournalEntry>> Held(Guid contractId, string deviceId, long afterSeq, CancellationToken ct) => records.Held(contractId, deviceId, afterSeq, ct);
        public Task<IReadOnlyList<JournalEntry>> Keep(Guid contractId, string deviceId, IReadOnlyList<JournalEntry> entries, CancellationToken ct) => records.Keep(contractId, deviceId, entries, ct);
        public Task Grant(Guid contractId, LeaseGrant grant, CancellationToken ct) => records.Grant(contractId, grant, ct);
        public Task<LeaseView?> Lease(Guid contractId, CancellationToken ct) => records.Lease(contractId, ct);
        public Task<LatestSample?> Latest(Guid contractId, string deviceId, CancellationToken ct) => records.Latest(contractId, deviceId, ct);
        public Task<IReadOnlyList<TurnCandidate>> Candidates(string deviceId, CancellationToken ct) => records.Candidates(deviceId, ct);
        public void Append(ContractEvent entry) => records.Append(entry);
        public Task Open(Guid reconciliationId, Guid contractId, DateTimeOffset requestedAt, CancellationToken ct) => records.Open(reconciliationId, contractId, requestedAt, ct);
        public Task Close(Guid reconciliationId, Guid contractId, Divergence? report, Estimate? frozen, DateTimeOffset at, CancellationToken ct) => records.Close(reconciliationId, contractId, report, frozen, at, ct);
    }
}
