using System.Text.Json;
using ExecutionManager.Adapters;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Simulation;
using static ExecutionManager.Contracts.Messages.Certainty;
using static ExecutionManager.Contracts.Messages.FailureKind;
using static ExecutionManager.Contracts.Messages.RecoveryStrategy;

namespace ExecutionManager.World.Tests;

/// <summary>
/// Each kind of failure, caused as the world causes it: by a device's message, silence, a clock, or a neighbour.
/// </summary>
public class When_a_contract_fails
{
    private static readonly Guid Contract = FailedLife.Contract;
    private static readonly FailureKind[] Kinds = Enum.GetValues<FailureKind>();
    private static readonly RecoveryStrategy[] Strategies = Enum.GetValues<RecoveryStrategy>();

    /// <summary>What comes of a cause: how certain it is, and what may have happened and must not happen twice unasked.</summary>
    private static readonly Dictionary<FailureKind, (Certainty Certainty, string[] Unconfirmed, bool Granted)> Expected = new()
    {
        [DataUnavailable] = (Confirmed, [], false),
        [DeviceUnreachable] = (Projected, [], false),
        [ContractRejected] = (Confirmed, [], true),
        [AcceptTimeout] = (Projected, ["a1", "a2"], true),
        [Stalled] = (Confirmed, [], true),
        [ActionFailed] = (Confirmed, [], true),
        [ActionTimeout] = (Confirmed, [], true),
        [DeviceFault] = (Confirmed, [], true),
        [ScopeViolated] = (Confirmed, [], true),
        [WindowMissed] = (Projected, ["a1", "a2"], true),
        [OfflineTooLong] = (Projected, ["a1", "a2"], true),
        [ReconciliationTimeout] = (Projected, ["a2", "a4", "a5"], true),
        [FailureKind.ReplanFailed] = (Confirmed, [], true),
        [HoldTooLong] = (Confirmed, [], true),
    };

    [TestCaseSource(nameof(Kinds))]
    public async Task Should_tell_the_Policy_Service_what_is_known(FailureKind kind)
    {
        await using var life = await FailedLife.Of(kind);
        var asked = life.Asked;
        Assert.Multiple(() =>
        {
            Assert.That(asked.Failure.Kind, Is.EqualTo(kind), life.Story);
            Assert.That(asked.Failure.Certainty, Is.EqualTo(Expected[kind].Certainty));
            Assert.That(asked.Failure.Evidence!.Value.EnumerateObject().Count(), Is.Positive, "it says what it was concluded from");
            Assert.That(asked.Unconfirmed, Is.EqualTo(Expected[kind].Unconfirmed));
            Assert.That(asked.AllowedStrategies, Is.EqualTo(Strategies.Where(strategy => kind != WindowMissed || strategy != Retry)), "a window that is over stays over");
            Assert.That(asked.SafeToReassignAt is not null, Is.EqualTo(Expected[kind].Granted));
            Assert.That(asked.Earlier, Is.Empty);
            Assert.That(asked.Attempt, Is.EqualTo(1));
        });
    }

    [TestCase(OfflineTooLong)]
    [TestCase(ReconciliationTimeout)]
    public async Task Should_withdraw_what_was_concluded_from_silence_when_the_truth_comes_before_a_decision(FailureKind kind)
    {
        await using var life = await FailedLife.Of(kind);
        life.Return();
        await life.World.Run(TimeSpan.FromSeconds(9));
        Assert.That(life.World.States(FailedLife.Contract), Does.EndWith("Recovering Reconciled Live"), life.Story);
        Assert.That(life.Said<ContractStateChanged>().Select(change => change.Cause), Does.Contain(TransitionCause.Withdrawn));
        Assert.That(life.Said<RecoveryRequested>(), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task Should_not_be_told_to_run_the_old_plan_while_the_new_one_is_under_way()
    {
        var lost = 0;
        await using var world = await World.Create(
            new WorldPlan(1)
            {
                Devices = 1, IsScripted = true,
                Script = new DeviceScript
                {
                    OnAction = action => action.ActionId == "a1" ? new ActionBehaviour { FailWith = "blocked" } : ActionBehaviour.AsPlanned,
                    OnPush = push => push.Revision == 2 && lost++ < 2 ? PushAnswer.Silence : PushAnswer.Accept,
                },
                Answer = request => request switch
                {
                    RecoveryRequested asked => new RecoveryDecided { ContractId = Contract, RecoveryId = asked.RecoveryId, Strategy = Escalate, Reason = "rule 1" },
                    EscalationRaised raised => new EscalationResolved { ContractId = Contract, EscalationId = raised.EscalationId, Strategy = Retry, Reason = "try again", By = "an operator" },
                    _ => null,
                },
            },
            new Census());
        world.Connect(world.LinkOf("d1"));
        await world.Submit(JsonSerializer.SerializeToElement(World.Document(Contract, "d1", "T-1", 2, 20, TimeSpan.FromSeconds(20))));
        await world.Run(TimeSpan.FromMinutes(4));

        Assert.That(world.Said.OfType<PushContract>().Count(push => push.Contract.Revision == 2), Is.EqualTo(3), "the accept deadline repeats the push");
        Assert.That(world.Said.OfType<RecoveryRequested>().Select(asked => asked.Failure.Kind), Is.EqualTo(new[] { ActionFailed }), world.Story(new LawBroken("one failure", "")));
        Assert.That(world.States(Contract), Does.EndWith("Recovering Escalated Reconciled Live Completed"));
    }

    [Test]
    public async Task Should_not_be_retried_when_the_journal_is_lost()
    {
        await using var world = await Alone();
        var link = world.LinkOf("d1");
        world.Disconnect(link, clean: false);
        link.LoseDisk(world.Now);
        world.Connect(link);
        await world.Run(TimeSpan.FromSeconds(2));
        var asked = world.Said.OfType<RecoveryRequested>().Single();
        await world.Publish(new RecoveryDecided { ContractId = Contract, RecoveryId = asked.RecoveryId, Strategy = Retry, MayRepeat = true, Reason = "rule 1" }, "policy >");
        await world.Run(TimeSpan.FromSeconds(2));

        var again = world.Said.OfType<RecoveryRequested>().Last();
        Assert.Multiple(() =>
        {
            Assert.That((asked.Failure.Kind, asked.Failure.Certainty), Is.EqualTo((DeviceFault, Confirmed)));
            Assert.That(asked.Failure.Evidence!.Value.GetProperty("journalLost").GetBoolean());
            Assert.That(asked.Unconfirmed, Is.EqualTo(new[] { "a1", "a2" }), "nobody knows what was executed");
            Assert.That(asked.AllowedStrategies, Is.EqualTo(Strategies.Except([Retry])));
            Assert.That((again.Attempt, again.Refused?.Strategy, again.Refused?.Reason), Is.EqualTo((2, Retry, "the journal is lost, which excludes retry")));
            Assert.That(world.States(Contract), Does.EndWith("Recovering"), world.Story(new LawBroken("refused", "")));
        });
    }

    [Test]
    public async Task Should_be_told_of_a_stop_that_nobody_asked_for()
    {
        await using var world = await Alone();
        var link = world.LinkOf("d1");
        link.Down.Add(Downward.Write(new SetDesired
        {
            ContractId = Contract, DeviceId = "d1", ConnectionEpoch = link.Device.Epoch, Revision = 1, Intent = Intent.Stop, IntentVersion = 99,
        }));
        await world.Run(TimeSpan.FromSeconds(10));
        var failure = world.Said.OfType<RecoveryRequested>().Single().Failure;
        Assert.That((failure.Kind, failure.Certainty), Is.EqualTo((DeviceFault, Confirmed)), world.Story(new LawBroken("a fault", "")));
        Assert.That(failure.Detail, Does.Contain("stopped the contract"));
        Assert.That(world.States(Contract), Does.EndWith("Live Recovering"));
    }

    [Test]
    public async Task Should_be_certain_that_the_window_is_missed_while_connected()
    {
        await using var world = await Alone(TimeSpan.FromSeconds(15));
        world.LinkOf("d1").IsSilent = true;    // before it can say that it stops
        await world.Run(TimeSpan.FromSeconds(15));
        var asked = world.Said.OfType<RecoveryRequested>().Single();
        Assert.That((asked.Failure.Kind, asked.Failure.Certainty, asked.Connected), Is.EqualTo((WindowMissed, Confirmed, true)), world.Story(new LawBroken("a window", "")));
    }

    /// <summary>One contract, live on its only device; nobody decides.</summary>
    private static async Task<World> Alone(TimeSpan? window = null)
    {
        var world = await World.Create(new WorldPlan(1) { Devices = 1, IsScripted = true }, new Census());
        world.Connect(world.LinkOf("d1"));
        var document = World.Document(Contract, "d1", "T-1", 2, 20, TimeSpan.FromSeconds(60));
        if (window is { } time)
            document["scope"]!["notAfter"] = (world.Now + time).UtcDateTime;
        await world.Submit(JsonSerializer.SerializeToElement(document));
        await world.Run(TimeSpan.FromSeconds(5));
        Assert.That(world.States(Contract), Does.EndWith("Live"));
        return world;
    }
}
