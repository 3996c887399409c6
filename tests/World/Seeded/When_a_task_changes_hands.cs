using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Sagas;
using ExecutionManager.Simulation;
using ContractStatus = ExecutionManager.Contracts.Messages.ContractStatus;

namespace ExecutionManager.World.Tests;

/// <summary>Never two devices on one task, whatever the first one still has to say.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class When_a_task_changes_hands
{
    private static readonly Guid First = Guid.Parse("0198f0c2-7c1e-7d3a-9a55-000000000001");

    /// <summary>What the Policy Service decides, and operators; null is silence.</summary>
    private RecoveryStrategy? strategy = RecoveryStrategy.Reassign;
    private Func<EscalationRaised, EscalationResolved?> resolve = _ => null;
    private World world = null!;

    [TearDown]
    public ValueTask End() => world.DisposeAsync();

    [Test]
    public async Task Should_wait_for_the_end_of_the_lease_and_ask_until_somebody_has_it()
    {
        await Live(new WorldPlan(1) { HasScheduler = false });
        world.Disconnect(world.LinkOf("d1"), clean: false);
        await Until(() => Said<ReassignmentRequested>().Count >= 3);

        var requests = Said<ReassignmentRequested>();
        Assert.Multiple(() =>
        {
            Assert.That(world.States(First), Does.EndWith("Stopping Reassigned"), Story);
            Assert.That(world.Row(First).Outcome!.Evidence, Is.EqualTo(OutcomeEvidence.LeaseEnd));
            Assert.That(world.Row(First).Outcome!.At, Is.GreaterThanOrEqualTo(Said<RecoveryRequested>()[0].SafeToReassignAt!.Value));
            Assert.That(requests.Select(one => one.Attempt), Is.EqualTo(Enumerable.Range(1, requests.Count)));
            Assert.That(requests[0].ExcludeDevices, Is.EquivalentTo(new[] { "d1", "d9" }));
        });

        await world.Publish(world.Assign(requests[^1]), "scheduler >");
        await world.Run(TimeSpan.FromMinutes(2));
        Assert.Multiple(() =>
        {
            Assert.That(Said<ReassignmentRequested>(), Has.Count.EqualTo(requests.Count), "the task has a contract");
            Assert.That(Successor.FencingToken, Is.EqualTo(2), Story);
        });
    }

    [Test]
    public async Task Should_replan_the_successor_with_what_the_first_device_had_done_within_its_lease()
    {
        await Live(new WorldPlan(1), actions: 4);
        world.Disconnect(world.LinkOf("d1"), clean: false);
        await Until(() => world.Row(First).Open.SuccessorId is not null);
        await world.Run(TimeSpan.FromSeconds(5));
        world.Connect(world.LinkOf("d1"));
        await world.Run(TimeSpan.FromMinutes(4));

        Assert.Multiple(() =>
        {
            Assert.That(Told, Is.Not.Empty, Story);
            Assert.That(Said<ReplanRequested>().Select(asked => asked.Reason), Is.EqualTo(new[] { ReplanReason.LateEvidence }), Story);
            Assert.That(Said<ReplanRequested>()[0].RemainingActions.Select(action => action.ActionId), Is.EqualTo(new[] { "a1", "a2", "a3", "a4" }.Except(Told)));
            Assert.That(world.States(Successor.CorrelationId), Does.EndWith("Live Reconciled Live Completed"), Story);
            Assert.That(Said<DuplicateExecution>(), Is.Empty);
        });
    }

    [Test]
    public async Task Should_cancel_the_successor_when_the_first_device_had_done_it_all()
    {
        await Live(new WorldPlan(1), actions: 1);
        world.Disconnect(world.LinkOf("d1"), clean: false);
        await Until(() => world.Row(First).Open.SuccessorId is not null);
        await world.Run(TimeSpan.FromSeconds(5));
        world.Connect(world.LinkOf("d1"));
        await world.Run(TimeSpan.FromMinutes(2));

        Assert.Multiple(() =>
        {
            Assert.That(world.Row(First).Outcome!.Status, Is.EqualTo(ContractStatus.Reassigned));
            Assert.That(world.Row(First).LateOutcome!.Status, Is.EqualTo(ContractStatus.Completed), Story);
            Assert.That(world.States(Successor.CorrelationId), Does.EndWith("Live Reconciled Stopping Cancelled"), Story);
            Assert.That(Successor.Outcome!.Reason, Is.EqualTo("doneByOther"));
        });
    }

    [Test]
    public async Task Should_keep_late_evidence_until_there_is_a_successor()
    {
        await Live(new WorldPlan(1) { HasScheduler = false }, actions: 4);
        world.Disconnect(world.LinkOf("d1"), clean: false);
        await Until(() => Said<ReassignmentRequested>().Count > 0);
        world.Connect(world.LinkOf("d1"));
        await world.Run(TimeSpan.FromSeconds(10));
        var (before, told) = (Said<ReassignmentRequested>()[0], Said<ReassignmentRequested>()[^1]);
        await world.Publish(world.Assign(before), "scheduler >");
        await world.Run(TimeSpan.FromMinutes(4));

        Assert.Multiple(() =>
        {
            Assert.That(Told, Is.Not.Empty, Story);
            Assert.That(told.RemainingActions.Select(action => action.ActionId), Is.EqualTo(new[] { "a1", "a2", "a3", "a4" }.Except(Told)), "less remains than was asked for first");
            Assert.That(Said<ReplanRequested>().Select(asked => asked.Reason), Is.EqualTo(new[] { ReplanReason.LateEvidence }), Story);
            Assert.That(world.States(Successor.CorrelationId), Does.EndWith("Completed"), Story);
        });
    }

    [Test]
    public async Task Should_escalate_the_successor_when_the_first_device_worked_after_it_was_said_to_stand_still([Values] bool beforeIt)
    {
        // Whoever says that it stands still has looked at another device.
        resolve = raised => raised.ContractId == First ? Attested(raised) : null;
        await Live(new WorldPlan(1) { HasDeviceWithoutLease = true, IsLawless = true, HasScheduler = !beforeIt }, device: "d2", seconds: 200);
        world.Disconnect(world.LinkOf("d2"), clean: false);
        await Until(() => Said<RecoveryRequested>().Count > 0);
        await Until(() => world.Row(First).CurrentState == "Reassigned");
        await world.Run(TimeSpan.FromMinutes(5));
        world.Connect(world.LinkOf("d2"));
        await world.Run(TimeSpan.FromSeconds(30));
        if (beforeIt)
        {
            await world.Publish(world.Assign(Said<ReassignmentRequested>()[^1]), "scheduler >");
            await world.Run(TimeSpan.FromSeconds(30));
        }
        var followed = await world.Events(First);

        Assert.Multiple(() =>
        {
            Assert.That(followed.Skip(followed.IndexOf(nameof(ContractEnded)) + 1), Is.SupersetOf(new[] { nameof(LateEvidenceFound), nameof(DuplicateExecution) }));
            Assert.That(world.States(First), Does.EndWith("Stopping Escalated Reassigned"), Story);
            Assert.That(world.Row(First).Outcome!.Evidence, Is.EqualTo(OutcomeEvidence.Operator));
            Assert.That(Said<DuplicateExecution>().Select(found => found.SuccessorId), Is.EqualTo(new Guid?[] { beforeIt ? null : Successor.CorrelationId }), Story);
            Assert.That(world.States(Successor.CorrelationId), Does.EndWith("Escalated"), Story);
            Assert.That(Said<EscalationRaised>()[^1].Failure.Evidence!.Value.GetProperty("duplicateExecution").GetProperty("deviceId").GetString(), Is.EqualTo("d2"));
        });
    }

    [Test]
    public async Task Should_ask_a_person_when_a_device_without_a_lease_does_not_say_that_it_stopped([Values] bool comesBack)
    {
        resolve = raised => comesBack ? null : Attested(raised);
        await Live(new WorldPlan(1) { HasDeviceWithoutLease = true, IsLawless = !comesBack }, device: "d2", seconds: 200);
        world.Disconnect(world.LinkOf("d2"), clean: false);
        await world.Run(TimeSpan.FromSeconds(5));
        await world.Publish(new CancelContract { ContractId = First, Reason = "no longer wanted", RequestedBy = "an operator" }, "operator >");
        await world.Run(TimeSpan.FromSeconds(35));
        if (comesBack)
        {
            Assert.That(world.States(First), Does.EndWith("Stopping Escalated"), Story);
            Assert.That(Said<EscalationRaised>()[0].AllowedStrategies, Is.EqualTo(new[] { RecoveryStrategy.Reassign, RecoveryStrategy.Abort }), "a stop cannot be taken back");
            await world.Run(TimeSpan.FromSeconds(90));
            Assert.That(Said<EscalationRaised>().Select(raised => raised.EscalationId).Distinct().Count(), Is.EqualTo(1), "reminders are of the same");
            Assert.That(Said<EscalationRaised>(), Has.Count.GreaterThanOrEqualTo(3), "reminded");
            world.Connect(world.LinkOf("d2"));
            await world.Run(TimeSpan.FromSeconds(30));
        }

        Assert.Multiple(() =>
        {
            Assert.That(world.States(First), Does.EndWith("Stopping Escalated Cancelled"), Story);
            Assert.That(world.Row(First).Outcome!.Evidence, Is.EqualTo(comesBack ? OutcomeEvidence.Device : OutcomeEvidence.Operator));
        });
    }

    [TestCase(RecoveryStrategy.Reassign)]
    [TestCase(RecoveryStrategy.Abort)]
    public async Task Should_let_cancel_outrank_what_it_is_stopped_for(RecoveryStrategy decided)
    {
        await BeStopping(decided);
        await world.Publish(new CancelContract { ContractId = First, Reason = "no longer wanted", RequestedBy = "scheduler" }, "scheduler >");
        await world.Run(TimeSpan.FromMinutes(4));
        Assert.Multiple(() =>
        {
            Assert.That(world.States(First), Does.EndWith("Recovering Stopping Cancelled"), Story);
            Assert.That(world.Row(First).Outcome!.Reason, Is.EqualTo("no longer wanted"));
            Assert.That(Said<ReassignmentRequested>(), Is.Empty, "nobody is to do it any more");
        });
    }

    [Test]
    public async Task Should_let_completion_outrank_even_a_cancel()
    {
        await Live(new WorldPlan(1), actions: 1);
        world.Disconnect(world.LinkOf("d1"), clean: false);
        await world.Run(TimeSpan.FromSeconds(1));
        await world.Publish(new CancelContract { ContractId = First, Reason = "no longer wanted", RequestedBy = "scheduler" }, "scheduler >");
        await world.Run(TimeSpan.FromSeconds(45));
        Assert.That(world.States(First), Does.EndWith("Stopping"), Story);
        world.Connect(world.LinkOf("d1"));
        await world.Run(TimeSpan.FromSeconds(5));
        Assert.That(world.States(First), Does.EndWith("Stopping Completed"), Story);
    }

    [TestCase(RecoveryStrategy.Reassign, RecoveryStrategy.Abort, ContractStatus.Aborted)]
    [TestCase(RecoveryStrategy.Abort, RecoveryStrategy.Reassign, ContractStatus.Aborted)]
    [TestCase(RecoveryStrategy.Reassign, RecoveryStrategy.Reassign, ContractStatus.Reassigned)]
    [TestCase(null, RecoveryStrategy.Abort, ContractStatus.Cancelled)]
    public async Task Should_keep_the_higher_outcome_of_a_stop_that_a_person_decides_about(RecoveryStrategy? stoppedFor, RecoveryStrategy decided, ContractStatus outcome)
    {
        resolve = raised => Attested(raised) with { Strategy = decided, MayRepeat = true };
        await BeStopping(stoppedFor, new WorldPlan(1) { HasDeviceWithoutLease = true, IsLawless = true }, "d2");
        await world.Run(TimeSpan.FromMinutes(1));
        Assert.That(world.States(First), Does.EndWith($"Stopping Escalated Stopping {outcome}"), Story);
        Assert.That(Said<ReassignmentRequested>().Any(), Is.EqualTo(outcome == ContractStatus.Reassigned));
    }

    [Test]
    public async Task Should_refuse_decisions_whose_guards_fail_and_then_fall_back_to_a_person()
    {
        strategy = null;
        await Live(new WorldPlan(1));
        world.Disconnect(world.LinkOf("d1"), clean: false);
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            await Until(() => Said<RecoveryRequested>().Any(asked => asked.Attempt == attempt));
            var asked = Said<RecoveryRequested>().Last(one => one.Attempt == attempt);
            Assert.That(asked.Refused?.Reason, attempt == 1 ? Is.Null : Does.Contain("mayRepeat"), Story);
            await world.Publish(new RecoveryDecided { ContractId = First, RecoveryId = asked.RecoveryId, Strategy = RecoveryStrategy.Reassign, Reason = "rule 1" }, "policy >");
        }

        await world.Run(TimeSpan.FromSeconds(5));
        var raised = Said<EscalationRaised>().Single();
        await world.Publish(Resolve(raised) with { EscalationId = First, Strategy = RecoveryStrategy.Abort }, "operator >");
        await world.Publish(Resolve(raised) with { Strategy = RecoveryStrategy.Retry }, "operator >");
        await world.Run(TimeSpan.FromSeconds(3));
        Assert.Multiple(() =>
        {
            Assert.That(Said<RecoveryRequested>().Select(asked => asked.RecoveryId).Distinct().Count(), Is.EqualTo(3), "a refused decision closes its request");
            Assert.That(world.States(First), Does.EndWith("Recovering Escalated"), "the wrong escalation is answered, and mayRepeat is missing");
            Assert.That(Said<EscalationRaised>()[^1].Evidence!.Value.GetProperty("refused").GetProperty("reason").GetString(), Does.Contain("mayRepeat"));
            Assert.That(raised.AllowedStrategies, Does.Not.Contain(RecoveryStrategy.Escalate));
            Assert.That(world.Row(First).Open.Earlier.Single().Strategy, Is.Null, "no usable decision came");
        });

        await world.Publish(Resolve(raised) with { Strategy = RecoveryStrategy.Reassign, MayRepeat = true }, "operator >");
        await world.Run(TimeSpan.FromMinutes(2));
        Assert.That(world.States(First), Does.EndWith("Escalated Stopping Reassigned"), Story);
    }

    [Test]
    public async Task Should_complete_when_the_truth_comes_while_a_person_is_asked()
    {
        strategy = RecoveryStrategy.Escalate;
        await Live(new WorldPlan(1), actions: 1);
        world.Disconnect(world.LinkOf("d1"), clean: false);
        await Until(() => world.Row(First).CurrentState == "Escalated");
        world.Connect(world.LinkOf("d1"));
        await world.Run(TimeSpan.FromSeconds(10));
        Assert.That(world.States(First), Does.EndWith("Escalated Completed"), Story);
    }

    [Test]
    public async Task Should_find_that_telemetry_is_outside_the_area()
    {
        strategy = RecoveryStrategy.Escalate;
        await Live(new WorldPlan(1), area: true);
        await LeaveTheArea();
        Assert.Multiple(() =>
        {
            Assert.That(Said<RecoveryRequested>().Single().Failure.Kind, Is.EqualTo(FailureKind.ScopeViolated), Story);
            Assert.That(Said<RecoveryRequested>().Single().Failure.Evidence!.Value.GetProperty("position").EnumerateArray().Select(one => one.GetDouble()), Is.EqualTo(new[] { 90.0, 5.0 }));
            Assert.That(world.States(First), Does.EndWith("Recovering Escalated"));
        });
    }

    [Test]
    public async Task Should_find_that_telemetry_is_outside_the_area_while_it_is_held_and_be_told_once()
    {
        await Live(new WorldPlan(1), area: true);
        await world.Publish(new HoldContract { ContractId = First, Reason = "wait", RequestedBy = "operator" }, "operator >");
        await LeaveTheArea();
        var found = world.Row(First);
        Assert.That((found.CurrentState, found.Open.Failure?.Kind), Is.EqualTo(("Held", Domain.FailureKind.ScopeViolated)), Story);
        await LeaveTheArea();
        Assert.That(world.Row(First).Open.OutsideAt, Is.EqualTo(found.Open.OutsideAt), "telemetry wakes no contract that waits for a decision about it");
        await world.Publish(new ResumeContract { ContractId = First, Reason = "go on", RequestedBy = "operator" }, "operator >");
        await world.Run(TimeSpan.FromSeconds(5));
        Assert.That(Said<RecoveryRequested>().Single().Failure.Kind, Is.EqualTo(FailureKind.ScopeViolated), Story);
    }

    private async Task LeaveTheArea()
    {
        var link = world.LinkOf("d1");
        await world.Say(link, "telemetry", new
        {
            connectionEpoch = link.Device.Epoch, uptimeMs = 600_000, sentAt = InstantConverter.Format(world.Now), at = InstantConverter.Format(world.Now), contractId = First, position = new[] { 90.0, 5.0 },
        });
        await world.Run(TimeSpan.FromSeconds(20));
    }

    /// <summary>What the first device was late to say that it had finished.</summary>
    private IEnumerable<string?> Told => Said<LateEvidenceFound>().SelectMany(late => late.Entries).Where(entry => entry.Type == "actionFinished").Select(entry => entry.ActionId);

    private ContractState Successor => world.Row(world.Row(First).Open.SuccessorId ?? throw new AssertionException(Story));

    private string Story => world.Story(new LawBroken("not as expected", ""));

    private List<T> Said<T>() => [.. world.Said.OfType<T>()];

    private async Task Live(WorldPlan plan, int actions = 2, string device = "d1", int seconds = 20, bool area = false)
    {
        world = await World.Create(plan with { Devices = 2, IsScripted = true, Answer = Answer }, new Census());
        foreach (var name in new[] { "d1", "d2" })
            world.Connect(world.LinkOf(name));
        await world.Run(TimeSpan.FromSeconds(1));
        var document = World.Document(First, device, "T-1", actions, seconds, TimeSpan.FromSeconds(60));
        if (area)
            document["scope"]!["area"] = JsonSerializer.SerializeToNode(new { type = "Polygon", coordinates = new[] { new[] { new[] { 0, 0 }, [40, 0], [40, 30], [0, 30], [0, 0] } } });
        await world.Submit(JsonSerializer.SerializeToElement(document));
        await world.Run(TimeSpan.FromSeconds(5));
        Assert.That(world.States(First), Does.EndWith("Live"), Story);
    }

    /// <summary>An action fails, and the device is cut off before it hears of the decision, or of a cancel.</summary>
    private async Task BeStopping(RecoveryStrategy? decided, WorldPlan? plan = null, string device = "d1")
    {
        strategy = null;
        await Live((plan ?? new WorldPlan(1)) with { Script = new DeviceScript { OnAction = _ => new ActionBehaviour { FailWith = "blocked" } } }, device: device);
        await Until(() => Said<RecoveryRequested>().Count > 0);
        world.Disconnect(world.LinkOf(device), clean: false);
        await world.Run(TimeSpan.FromSeconds(1));
        strategy = decided;
        await world.Publish(
            Answer(Said<RecoveryRequested>()[0]) ?? new CancelContract { ContractId = First, Reason = "no longer wanted", RequestedBy = "scheduler" }, "somebody >");
        await world.Run(TimeSpan.FromSeconds(1));
        Assert.That(world.States(First), Does.EndWith("Recovering Stopping"), Story);
        Assert.That(world.Row(First).Open.Stop!.Outcome, Is.EqualTo(decided switch
        {
            RecoveryStrategy.Reassign => ContractStatus.Reassigned, RecoveryStrategy.Abort => ContractStatus.Aborted, _ => ContractStatus.Cancelled,
        }));
    }

    private async Task Until(Func<bool> holds)
    {
        for (var waited = 0; waited < 600 && !holds(); waited++)
            await world.Run(TimeSpan.FromSeconds(1));
        Assert.That(holds(), Story);
    }

    private object? Answer(object request) => request switch
    {
        RecoveryRequested asked when strategy is { } decided => new RecoveryDecided
        {
            ContractId = asked.ContractId, RecoveryId = asked.RecoveryId, Strategy = decided, MayRepeat = true, ExcludeDevices = ["d9"], Reason = "rule 1",
        },
        EscalationRaised raised => resolve(raised),
        ReplanRequested asked => new PlanRevised { ContractId = asked.ContractId, ReplanId = asked.ReplanId, Actions = asked.RemainingActions },
        _ => null,
    };

    private static EscalationResolved Resolve(EscalationRaised raised) =>
        new() { ContractId = raised.ContractId, EscalationId = raised.EscalationId, Reason = "looked at it", By = "an operator" };

    private static EscalationResolved Attested(EscalationRaised raised) => Resolve(raised) with { AttestedStopped = true };
}
