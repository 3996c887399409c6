using ExecutionManager.Contracts.Messages;
using ExecutionManager.Sagas;
using static ExecutionManager.Contracts.Messages.FailureKind;
using static ExecutionManager.Contracts.Messages.RecoveryStrategy;

namespace ExecutionManager.World.Tests;

/// <summary>
/// The table of docs/recovery.md: one test a column, one case a row. What is expected are the words of the cell.
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class When_a_failure_is_decided
{
    private static readonly FailureKind[] Kinds = Enum.GetValues<FailureKind>();
    private static readonly ContractSettings Settings = new WorldPlan(1).Settings;
    private FailedLife life = null!;

    private static IEnumerable<TestCaseData> Rows => Kinds.Select(kind => new TestCaseData(kind).SetArgDisplayNames(WordConverter<FailureKind>.Format(kind)));

    [TearDown]
    public async Task End()
    {
        if (life is not null)
            await life.DisposeAsync();
    }

    [TestCaseSource(nameof(Rows))]
    public async Task Should_retry(FailureKind kind)
    {
        await Fail(kind);
        var (pushed, finished, decidedAt) = (Pushes, Known, life.World.Now);
        await life.Decide(Retry);
        switch (RecoveryPage.Cell(kind, Retry))
        {
            case "asked for again":
                Assert.That(life.Said<SpatialDataRequested>().Select(request => request.RequestId).Distinct().Count(), Is.EqualTo(2), life.Story);
                Assert.That(States, Does.EndWith("Recovering Preparing AwaitingConnection Pushing Live"), life.Story);
                break;
            case "waits again":
                await life.World.Run(TimeSpan.FromSeconds(30));
                Assert.That(States, Does.EndWith("Recovering AwaitingConnection"), life.Story);
                Assert.That(Row.Deadlines.ByKind[DeadlineKind.Push].At, Is.EqualTo(decidedAt + Settings.Push), "a deadline of its own");
                Assert.That(Pushes, Is.Empty);
                break;
            case "pushed again":
                Assert.That(pushed.Select(push => push.Contract.Revision).Distinct(), Is.EqualTo(new[] { 1 }));
                Assert.That(Ids(New(pushed)), Is.EqualTo(new[] { "a1", "a2", "a3" }), life.Story);
                Assert.That(States, Does.EndWith("Recovering AwaitingConnection Pushing Live"), life.Story);
                break;
            case "next revision":
                Assert.That(finished, Is.Not.Empty, "something is done that must not be done again");
                Assert.That(Ids(New(pushed)), Is.EqualTo(Ids(pushed[^1]).Except(finished)), life.Story);
                Assert.That(States, Does.EndWith("Recovering Reconciled Live"), life.Story);
                break;
            case "the action under a new id":
                Assert.That(finished, Is.EqualTo(new[] { "a1" }));
                Assert.That(New(pushed).Contract.Actions!.Select(action => (action.ActionId == "a2", action.RetryOf)), Is.EqualTo(new[] { (false, "a2"), (false, null) }), life.Story);
                Assert.That(States, Does.EndWith("Recovering Reconciled Live"), life.Story);
                break;
            case "next revision at the return":
                await life.World.Run(TimeSpan.FromSeconds(30));
                Assert.That(States, Does.EndWith("Recovering AwaitingConnection"), life.Story);
                Assert.That(Pushes, Has.Length.EqualTo(pushed.Length), "nobody is there whose journal is read");
                life.Return();
                await life.World.Run(TimeSpan.FromSeconds(30));
                Assert.That(Ids(New(pushed)), Is.EqualTo(Ids(pushed[^1]).Except(finished)), life.Story);
                break;
            case "refused":
                await AssertRefused(pushed.Length);
                return;
            case var unknown:
                Assert.Fail($"Nothing is known to be shown by \"{unknown}\".");
                break;
        }

        life.Return();
        await life.World.Run(TimeSpan.FromMinutes(6));
        Assert.That(States, Does.EndWith("Completed"), life.Story);
        var push = Pushes[^1];
        Assert.Multiple(() =>
        {
            Assert.That((Row.AcceptedRevision, push.Contract.Revision), Is.EqualTo((Row.Revision, Row.Revision)));
            Assert.That(Row.Revision, Is.EqualTo(RecoveryPage.Cell(kind, Retry) == "asked for again" ? 1 : 2), "what was accepted, or refused, gets the next number");
            Assert.That(Executed("d1"), Is.Unique, life.Story);
            Assert.That(Ids(push), Is.SubsetOf(life.Finished), "what was left is done");
        });
    }

    [TestCaseSource(nameof(Rows))]
    public async Task Should_reassign(FailureKind kind)
    {
        await Fail(kind);
        await AssertStops(kind, Reassign, ContractStatus.Reassigned);

        var asked = life.Said<ReassignmentRequested>();
        Assert.That((asked.Length, asked[0].Attempt, asked[0].TaskId), Is.EqualTo((1, 1, "T-1")), life.Story);
        Assert.That(asked[0].ExcludeDevices, Does.Contain("d1"));
        Assert.That(asked[0].RemainingActions.Select(action => action.ActionId), Is.EqualTo(PlanOf(kind).Except(Known)));
        await life.World.Run(TimeSpan.FromMinutes(6));
        var successor = life.World.Row(Row.Open.SuccessorId!.Value);
        Assert.That((successor.DeviceId, successor.TaskId, successor.FencingToken), Is.EqualTo(("d2", "T-1", Row.FencingToken + 1)), life.Story);
        Assert.That(life.World.States(successor.CorrelationId), Does.EndWith("Completed"), life.Story);
        Assert.That(Executed("d2"), Is.EqualTo(asked[0].RemainingActions.Select(action => action.ActionId)), "what was left, and nothing twice");
    }

    [TestCaseSource(nameof(Rows))]
    public async Task Should_escalate(FailureKind kind)
    {
        await Fail(kind);
        Assert.That(RecoveryPage.Cell(kind, Escalate), Is.EqualTo("an operator decides"));
        await life.Decide(Escalate);
        await AssertWaits("Escalated");
        var raised = life.Said<EscalationRaised>().Single();
        Assert.That((raised.Failure.Kind, raised.AllowedStrategies.Contains(Escalate), raised.AllowedStrategies.Contains(Abort)), Is.EqualTo((kind, false, true)), life.Story);

        life.Return();
        await life.World.Publish(
            new EscalationResolved { ContractId = FailedLife.Contract, EscalationId = raised.EscalationId, Strategy = Abort, Reason = "broken", By = "an operator" }, "operator >");
        await life.World.Run(TimeSpan.FromMinutes(1));
        Assert.That(States, Does.EndWith("Recovering Escalated Stopping Aborted"), life.Story);
        Assert.That(Row.Outcome!.Reason, Is.EqualTo("broken"));
    }

    [TestCaseSource(nameof(Rows))]
    public async Task Should_hold(FailureKind kind)
    {
        await Fail(kind);
        Assert.That(RecoveryPage.Cell(kind, Hold), Is.EqualTo("held"));
        var first = life.Asked;
        await life.Decide(Hold, life.World.Now + TimeSpan.FromSeconds(31));
        await AssertWaits("Held");
        await life.World.Run(TimeSpan.FromSeconds(2));
        Assert.That(States, Does.EndWith("Recovering Held Recovering"), "its time is over");

        var second = life.Asked;
        await life.Decide(Hold);
        await AssertWaits("Held");
        await life.World.Publish(new ResumeContract { ContractId = FailedLife.Contract, Reason = "go on", RequestedBy = "an operator" }, "operator >");
        await life.World.Run(TimeSpan.Zero);
        Assert.That(States, Does.EndWith("Held Recovering Held Recovering"), "an operator lets it go on");
        Assert.Multiple(() =>
        {
            Assert.That(new[] { first.RecoveryId, second.RecoveryId, life.Asked.RecoveryId }, Is.Unique, life.Story);
            Assert.That((second.Failure.Kind, life.Asked.Failure.Kind), Is.EqualTo((kind, kind)), "the failure is open as before");
            Assert.That(life.Asked.Earlier.Select(earlier => earlier.Strategy), Is.EqualTo(new RecoveryStrategy?[] { Hold, Hold }));
        });

        life.Return();
        await life.Decide(kind == WindowMissed ? Abort : Retry);
        await life.World.Run(TimeSpan.FromMinutes(6));
        Assert.That(States, Does.EndWith(kind == WindowMissed ? "Aborted" : "Completed"), life.Story);
    }

    [TestCaseSource(nameof(Rows))]
    public async Task Should_abort(FailureKind kind)
    {
        await Fail(kind);
        await AssertStops(kind, Abort, ContractStatus.Aborted);
        await life.World.Run(TimeSpan.FromMinutes(2));
        Assert.That((Row.CurrentState, Row.Outcome!.Reason), Is.EqualTo(("Aborted", "rule 1")), life.Story);
        Assert.That(life.Said<ReassignmentRequested>(), Is.Empty);
        Assert.That(Executed("d2"), Is.Empty, "nobody else does it");
    }

    [Test]
    public void Should_have_a_cell_for_each_failure_and_strategy()
    {
        Assert.That(RecoveryPage.Table[0], Is.EqualTo(new[] { "failure", "caused there by" }.Concat(Enum.GetValues<RecoveryStrategy>().Select(WordConverter<RecoveryStrategy>.Format))));
        Assert.That(RecoveryPage.Table.Skip(1).Select(row => row[0]), Is.EqualTo(Kinds.Select(WordConverter<FailureKind>.Format)));
        Assert.That(RecoveryPage.Table.Select(row => row.Length).Distinct(), Is.EqualTo(new[] { RecoveryPage.Table[0].Length }));
    }

    [Test]
    public void Should_have_a_test_named_for_each_column()
    {
        foreach (var strategy in Enum.GetValues<RecoveryStrategy>().Select(WordConverter<RecoveryStrategy>.Format))
        {
            var test = $"Should_{strategy}";
            Assert.That(GetType().GetMethod(test), Is.Not.Null);
            Assert.That(RecoveryPage.Text, Does.Contain($"\n| {strategy} | `{test}` | `dotnet test tests/World --filter {GetType().Name}.{test}` |\n"));
        }
    }

    private string States => life.World.States(FailedLife.Contract);
    private ContractState Row => life.World.Row(FailedLife.Contract);
    private PushContract[] Pushes => life.Said<PushContract>();

    /// <summary>What is known to be done: of a device that is away, perhaps not all of it.</summary>
    private string[] Known => [.. Row.Execution.Executed.Where(record => record.Status == Domain.ActionStatus.Finished).Select(record => record.ActionId)];

    private static IEnumerable<string> PlanOf(FailureKind kind) => Enumerable.Range(1, FailedLife.ActionsOf(kind)).Select(i => $"a{i}");

    private static IEnumerable<string?> Ids(PushContract push) => push.Contract.Actions!.Select(action => action.ActionId);

    private IEnumerable<string> Executed(string device) => life.World.LinkOf(device).Device.Executions.Select(execution => execution.ActionId);

    private async Task Fail(FailureKind kind) => life = await FailedLife.Of(kind);

    /// <summary>The one push since, which the device has accepted: the next revision.</summary>
    private PushContract New(PushContract[] before)
    {
        var push = Pushes.Skip(before.Length).Single();
        Assert.That((push.Contract.Revision, Row.AcceptedRevision, life.Held!.Revision), Is.EqualTo((2, 2, 2L)), life.Story);
        return push;
    }

    private async Task AssertRefused(int pushes)
    {
        await life.World.Run(TimeSpan.FromSeconds(5));
        var asked = life.Said<RecoveryRequested>();
        Assert.That(asked.Select(one => one.RecoveryId), Is.Unique, life.Story);
        Assert.That(asked.Select(one => (one.Attempt, one.Refused?.Strategy, one.Refused is { Reason.Length: > 0 })), Is.EqualTo(new (int, RecoveryStrategy?, bool)[] { (1, null, false), (2, Retry, true) }));
        Assert.That(States, Does.EndWith("Recovering"));
        for (var attempt = 2; attempt <= Settings.PolicyAttempts; attempt++)
        {
            await life.Decide(Retry);
            await life.World.Run(TimeSpan.FromSeconds(5));
        }
        Assert.That(States, Does.EndWith("Recovering Escalated"), "then the fallback");
        Assert.That(Pushes, Has.Length.EqualTo(pushes), "no device may act on that plan");
    }

    /// <summary>Nothing happens but that the device, where it has the contract, is told to hold, and stands still.</summary>
    private async Task AssertWaits(string state)
    {
        var (pushes, executed) = (Pushes.Length, Executed("d1").Count());
        await life.World.Run(TimeSpan.FromSeconds(30));
        Assert.That(States, Does.EndWith($"Recovering {state}"), life.Story);
        Assert.That((Row.Intent, Pushes.Length, Executed("d2").Count()), Is.EqualTo((Intent.Hold, pushes, 0)), life.Story);
        if (life is { Link.Device.IsConnected: true, Held: { } held })
        {
            Assert.That((held.Intent, held.IsStandingStill, held.IntentVersion), Is.EqualTo(("hold", true, Row.IntentVersion)), life.Story);
            Assert.That(Executed("d1").Count(), Is.EqualTo(executed), "it begins nothing");
        }
    }

    private async Task AssertStops(FailureKind kind, RecoveryStrategy strategy, ContractStatus outcome)
    {
        var told = life.Said<SetDesired>().Length;
        var cell = RecoveryPage.Cell(kind, strategy);
        life.Link.IsSilent = life.Link.Device.IsConnected;
        await life.Decide(strategy);
        if (cell == "when it stands still")
        {
            await life.World.Run(TimeSpan.FromSeconds(5));
            Assert.That(States, Does.EndWith("Recovering Stopping"), life.Story);
            Assert.That((Row.Intent, life.Said<ReassignmentRequested>().Length), Is.EqualTo((Intent.Stop, 0)), "the device has not said that it stands still");
            life.Return();
            await life.World.Run(TimeSpan.FromSeconds(10));
            Assert.That(life.Said<SetDesired>().Skip(told).Select(desired => desired.Intent), Has.Some.EqualTo(Intent.Stop), life.Story);
            Assert.That(life.Held?.Status, Is.Null.Or.EqualTo(Simulation.ContractStatus.Stopped), life.Story);
            Assert.That(Row.Outcome?.Evidence, Is.EqualTo(OutcomeEvidence.Device));
        }
        else
        {
            var isOver = cell == "at once: the lease is over";
            Assert.That(isOver || cell == "at once", cell);
            Assert.That(Row.Outcome?.Evidence, Is.EqualTo(isOver ? OutcomeEvidence.LeaseEnd : OutcomeEvidence.Operator), life.Story);
            Assert.That((Pushes.Length > 0, life.Held is not null, life.Said<SetDesired>().Length), Is.EqualTo((isOver, isOver, told)), "nobody is told or asked");
        }

        var moves = life.Said<ContractStateChanged>()[^2..];
        Assert.That(moves.Select(move => move.To), Is.EqualTo(new[] { ContractStatus.Stopping, outcome }), life.Story);
        Assert.That(moves[1].At - moves[0].At, cell == "when it stands still" ? Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(5)) : Is.EqualTo(TimeSpan.Zero));
        Assert.That(life.Said<ReassignmentRequested>().Select(asked => life.World.Said.IndexOf(asked)), Has.All.GreaterThan(life.World.Said.IndexOf(moves[0])));
    }
}
