using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Adapters;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Simulation;
using static ExecutionManager.Contracts.Messages.Certainty;
using static ExecutionManager.Contracts.Messages.FailureKind;
using static ExecutionManager.Contracts.Messages.RecoveryStrategy;

namespace ExecutionManager.World.Tests;

/// <summary>
/// Each kind of failure, caused as the world causes it: by a device's message, silence, a clock, or a neighbour. Then
/// each strategy, to its end. docs/recovery.md has the table.
/// </summary>
public class When_a_contract_fails
{
    private static readonly Guid Contract = Guid.Parse("0198f0c2-7c1e-7d3a-9a55-000000000001");
    private static readonly FailureKind[] Kinds = Enum.GetValues<FailureKind>();
    private static readonly RecoveryStrategy[] Strategies = Enum.GetValues<RecoveryStrategy>();

    /// <summary>What comes of a cause: how certain it is, and what may have happened and must not happen twice unasked.</summary>
    private static readonly Dictionary<FailureKind, (Certainty Certainty, string[] Unconfirmed, bool Granted)> Expected = new()
    {
        [DataUnavailable] = (Confirmed, [], false),
        [DeviceUnreachable] = (Projected, [], false),
        [ContractRejected] = (Confirmed, [], true),
        [AcceptTimeout] = (Projected, [], true),
        [Stalled] = (Confirmed, [], true),
        [ActionFailed] = (Confirmed, [], true),
        [ActionTimeout] = (Confirmed, [], true),
        [DeviceFault] = (Confirmed, [], true),
        [ScopeViolated] = (Confirmed, [], true),
        [WindowMissed] = (Projected, ["a1", "a2"], true),
        [OfflineTooLong] = (Projected, ["a1", "a2"], true),
        [ReconciliationTimeout] = (Projected, [], true),
        [FailureKind.ReplanFailed] = (Confirmed, [], true),
        [HoldTooLong] = (Confirmed, [], true),
    };

    [TestCaseSource(nameof(Kinds))]
    public async Task Should_tell_the_Policy_Service_what_is_known(FailureKind kind)
    {
        await using var life = await Life.Of(kind, null);
        await life.Cause();

        var asked = life.World.Said.OfType<RecoveryRequested>().First();
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

    [Test]
    public async Task Should_be_recovered_by_each_strategy([ValueSource(nameof(Kinds))] FailureKind kind, [ValueSource(nameof(Strategies))] RecoveryStrategy strategy)
    {
        await using var life = await Life.Of(kind, strategy);
        await life.Cause();
        var path = await life.Follow();

        Assert.That(path, strategy switch
        {
            Retry when kind == WindowMissed => Does.EndWith("Recovering Escalated Stopping Aborted"),
            Retry => Does.EndWith("Completed"),
            Reassign => Does.EndWith("Recovering Stopping Reassigned"),
            Escalate => Does.EndWith("Recovering Escalated Stopping Aborted"),
            Hold => Does.Contain("Recovering Held Recovering"),
            _ => Does.EndWith("Recovering Stopping Aborted"),
        }, life.Story);
        Assert.That(life.World.Said.OfType<RecoveryRequested>().Last().Earlier.Count, Is.LessThanOrEqualTo(life.World.Row(Contract).Open.Earlier.Length));
        if (strategy == Reassign)
        {
            var successor = life.World.Row(Contract).Open.SuccessorId;
            Assert.That(successor, Is.Not.Null, life.Story);
            Assert.That(life.World.Row(successor!.Value).FencingToken, Is.EqualTo(life.World.Row(Contract).FencingToken + 1));
            Assert.That(life.World.States(successor.Value), Does.EndWith("Completed"), life.Story);
        }
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
        link.LostDisk = true;
        link.Device.LoseStorage(world.Now);
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

    [Test]
    public void Should_have_a_row_in_the_table([ValueSource(nameof(Kinds))] FailureKind kind)
    {
        var word = WordConverter<FailureKind>.Format(kind);
        var row = File.ReadLines(Path.Combine(DeviceProtocolPage.Root(), "docs/recovery.md")).SingleOrDefault(line => line.StartsWith($"| `{word}` |", StringComparison.Ordinal));
        Assert.That(row?.Split('|', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(2 + Strategies.Length), word);
        Assert.That(row!.Split('|')[3].Trim() == "refused", Is.EqualTo(kind == WindowMissed), "what retry comes to");
    }

    /// <summary>One world with one failure, and whoever decides about it.</summary>
    private sealed class Life : IAsyncDisposable
    {
        private readonly FailureKind kind;
        private readonly RecoveryStrategy? strategy;
        private bool isMended;

        private Life(FailureKind kind, RecoveryStrategy? strategy) => (this.kind, this.strategy) = (kind, strategy);

        public World World { get; private set; } = null!;

        public string Story => World.Story(new LawBroken(kind.ToString(), "is not as expected"));

        private Link Link => World.LinkOf("d1");

        public static async Task<Life> Of(FailureKind kind, RecoveryStrategy? strategy)
        {
            var life = new Life(kind, strategy);
            life.World = await World.Create(
                new WorldPlan(1)
                {
                    Devices = 2, IsScripted = true, Answer = life.Answer,
                    Script = new DeviceScript { OnAction = life.Behave, OnPush = life.Receive },
                },
                new Census());
            life.World.Connect(life.World.LinkOf("d2"));
            return life;
        }

        public async Task Cause()
        {
            var document = World.Document(Contract, "d1", "T-1", kind == FailureKind.ReplanFailed ? 5 : 2, 20, TimeSpan.FromSeconds(60));
            if (kind == DataUnavailable)
                document["dataRequests"] = new JsonArray(new JsonObject { ["name"] = "zones", ["source"] = "equator", ["query"] = new JsonObject() });
            if (kind == WindowMissed)
                document["scope"]!["notAfter"] = (World.Now + TimeSpan.FromSeconds(40)).UtcDateTime;
            if (kind != DeviceUnreachable)
                World.Connect(Link);
            await World.Run(TimeSpan.FromSeconds(1));
            await World.Submit(JsonSerializer.SerializeToElement(document));
            await World.Run(TimeSpan.FromSeconds(5));
            switch (kind)
            {
                case WindowMissed or OfflineTooLong or ReconciliationTimeout or FailureKind.ReplanFailed:
                    World.Disconnect(Link, clean: false);
                    await World.Run(TimeSpan.FromSeconds(10));
                    break;
                case HoldTooLong:
                    await World.Publish(new HoldContract { ContractId = Contract, Reason = "wait", RequestedBy = "an operator" }, "operator >");
                    break;
            }
            if (kind == ReconciliationTimeout)
                Link.Loses = message => message.Topic.EndsWith("/journal", StringComparison.Ordinal);
            if (kind is ReconciliationTimeout or FailureKind.ReplanFailed)
                World.Connect(Link);
            for (var waited = 0; waited < 70 && !World.Said.OfType<RecoveryRequested>().Any(); waited++)
                await World.Run(TimeSpan.FromSeconds(10));
            Assert.That(World.Said.OfType<RecoveryRequested>(), Is.Not.Empty, Story);
        }

        /// <summary>What was wrong is mended, the decision comes, and what follows from it happens.</summary>
        public async Task<string> Follow()
        {
            isMended = true;
            Link.Loses = _ => false;
            if (!Link.Device.IsConnected && strategy == Retry && kind != WindowMissed)
                World.Connect(Link);
            await World.Publish(Decide(World.Said.OfType<RecoveryRequested>().Last()), "policy >");
            await World.Run(TimeSpan.FromSeconds(30));
            if (strategy == Hold)
                await World.Publish(new ResumeContract { ContractId = Contract, Reason = "go on", RequestedBy = "an operator" }, "operator >");
            await World.Run(TimeSpan.FromMinutes(6));
            return World.States(Contract);
        }

        public ValueTask DisposeAsync() => World.DisposeAsync();

        private object? Answer(object request) => request switch
        {
            RecoveryRequested recovery when isMended && strategy != Hold => Decide(recovery),
            EscalationRaised raised => new EscalationResolved { ContractId = raised.ContractId, EscalationId = raised.EscalationId, Strategy = Abort, Reason = "broken", By = "an operator" },
            SpatialDataRequested data when isMended => World.Provided(data),
            ReplanRequested replan when kind != FailureKind.ReplanFailed || isMended => new PlanKept { ContractId = replan.ContractId, ReplanId = replan.ReplanId },
            _ => null,
        };

        private RecoveryDecided Decide(RecoveryRequested request) =>
            new() { ContractId = request.ContractId, RecoveryId = request.RecoveryId, Strategy = strategy!.Value, MayRepeat = true, Reason = "rule 1" };

        private PushAnswer Receive(PushContext push) =>
            isMended ? PushAnswer.Accept
            : kind == ContractRejected ? PushAnswer.Refuse("other")
            : kind == AcceptTimeout ? PushAnswer.Silence
            : PushAnswer.Accept;

        private ActionBehaviour Behave(ActionContext action) => action.ActionId != "a1" || isMended ? ActionBehaviour.AsPlanned : kind switch
        {
            Stalled => new ActionBehaviour { PauseFor = TimeSpan.FromMinutes(3) },
            ActionFailed => new ActionBehaviour { FailWith = "blocked" },
            ActionTimeout => new ActionBehaviour { Fraction = 8 },
            DeviceFault => new ActionBehaviour { FaultWith = "motor" },
            ScopeViolated => new ActionBehaviour { Violate = "area" },
            FailureKind.ReplanFailed => new ActionBehaviour { Skip = true },
            _ => ActionBehaviour.AsPlanned,
        };
    }
}
