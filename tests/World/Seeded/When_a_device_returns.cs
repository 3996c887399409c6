using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Simulation;

namespace ExecutionManager.World.Tests;

/// <summary>A device was away for long: its journal takes several messages, and neither they nor the connection keep an order.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class When_a_device_returns
{
    private static readonly Guid Contract = Guid.Parse("0198f0c2-7c1e-7d3a-9a55-000000000001");
    private World world = null!;
    private Link link = null!;

    [TearDown]
    public ValueTask End() => world.DisposeAsync();

    [TestCase("in order")]
    [TestCase("the other way round")]
    [TestCase("one is lost")]
    public async Task Should_apply_each_entry_once_in_the_order_of_its_seq(string how)
    {
        await BeAway();
        world.Connect(link);
        var chunks = Chunks();
        Assert.That(chunks, Has.Count.EqualTo(3), Story);
        link.Up.RemoveAll(chunks.Contains);
        link.Up.AddRange(how == "the other way round" ? Enumerable.Reverse(chunks) : how == "one is lost" ? chunks.Where((_, at) => at != 1) : chunks);
        await world.Run(TimeSpan.FromSeconds(how == "one is lost" ? 15 : 1));
        var reconciled = (await world.Events(Contract)).Count(name => name == nameof(ContractReconciled));

        Assert.Multiple(() =>
        {
            Assert.That(world.States(Contract), Does.EndWith("Live Projected Reconciled Live"), Story);
            Assert.That(Execution.Seq, Is.EqualTo(Held.Journal.Count));
            Assert.That(Execution.Lost, Is.Empty);
            Assert.That(Held.AckedThrough, Is.EqualTo(Held.Journal.Count), "the device may forget them");
            Assert.That(world.Said.OfType<RequestReport>().Any(), Is.EqualTo(how == "one is lost"), "what is missing is asked for");
            Assert.That(reconciled, Is.EqualTo(1));
            if (how == "in order")
                Assert.That(world.Said.OfType<AcknowledgeJournal>().Select(ack => ack.ThroughSeq % 100), Has.Some.EqualTo(Execution.Seq % 100).And.Some.Not.EqualTo(Execution.Seq % 100), "chunk by chunk");
        });
    }

    [Test]
    public async Task Should_go_on_where_it_was_when_the_connection_is_lost_again_and_again()
    {
        await BeAway();
        var known = Execution.Seq;
        for (var time = 0; time < 2; time++)
        {
            world.Connect(link);
            link.Up.RemoveAll(Chunks().Skip(1).Contains);   // no more than the first gets through
            link.Loses = IsJournal;
            await world.Run(TimeSpan.FromSeconds(3));
            Assert.That(Execution.Seq, Is.EqualTo(known + 100), Story);
            Assert.That(world.States(Contract), Does.EndWith("Live Projected"), "what is not complete is not judged");
            known = Execution.Seq;
            world.Disconnect(link, clean: false);
            link.Loses = _ => false;
            await world.Run(TimeSpan.FromSeconds(3));
        }

        world.Connect(link);
        Assert.That(Chunks(), Has.Count.EqualTo(1), "what is acknowledged is not sent again");
        await world.Run(TimeSpan.FromSeconds(3));
        Assert.That(world.States(Contract), Does.EndWith("Live Projected Reconciled Live"), Story);
        Assert.That((await world.Events(Contract)).Count(name => name == nameof(ContractReconciled)), Is.EqualTo(1), "one reconciliation");
        Assert.That(world.Said.OfType<RecoveryRequested>(), Is.Empty);
    }

    [Test]
    public async Task Should_take_a_range_that_was_given_up_as_late_evidence()
    {
        await BeAway();
        world.Connect(link);
        var lost = Chunks()[1];
        link.Up.Remove(lost);
        link.Loses = IsJournal;
        await world.Run(TimeSpan.FromSeconds(30));
        link.Loses = _ => false;
        await world.Run(TimeSpan.FromSeconds(5));
        var range = Execution.Lost.Single();
        Assert.That((range.To - range.From + 1, world.Row(Contract).Open.Divergence!.Level), Is.EqualTo((100, Domain.DivergenceLevel.Undetermined)), Story);

        var before = Execution;
        link.Up.Add(lost);
        await world.Run(TimeSpan.FromSeconds(0.1));
        var late = world.Said.OfType<LateEvidenceFound>().Single();
        Assert.That((late.Entries[0].Seq, late.Entries[^1].Seq), Is.EqualTo((range.From, range.To)));
        Assert.That(Execution.Lost, Is.EqualTo(before.Lost), "what was given up stays so");
        Assert.That(await world.Events(Contract), Does.Contain(nameof(LateEvidenceFound)));
    }

    [TestCase(true, 1)]
    [TestCase(false, 2)]
    public async Task Should_tell_whether_a_revision_in_doubt_was_accepted(bool isAccepted, int pushes)
    {
        world = await World.Create(
            new WorldPlan(1)
            {
                Devices = 1, IsScripted = true,
                Script = new DeviceScript { OnAction = action => action.ActionId == "a1" ? new ActionBehaviour { FailWith = "blocked" } : ActionBehaviour.AsPlanned },
            },
            new Census());
        link = world.LinkOf("d1");
        world.Connect(link);
        await world.Submit(JsonSerializer.SerializeToElement(World.Document(Contract, "d1", "T-1", 2, 20, TimeSpan.FromMinutes(2))));
        for (var waited = 0; waited < 60 && !world.Said.OfType<RecoveryRequested>().Any(); waited++)
            await world.Run(TimeSpan.FromSeconds(1));
        link.Loses = _ => isAccepted;    // the device's answer is lost,
        link.IsSilent = !isAccepted;     // or the push does not reach it
        await world.Publish(
            new RecoveryDecided { ContractId = Contract, RecoveryId = world.Said.OfType<RecoveryRequested>().Single().RecoveryId, Strategy = RecoveryStrategy.Retry, Reason = "rule 1" }, "policy >");
        await world.Run(TimeSpan.FromSeconds(2));
        world.Disconnect(link, clean: false);
        (link.Loses, link.IsSilent) = (_ => false, false);
        await world.Run(TimeSpan.FromSeconds(10));
        Assert.That((Held.Revision, world.Row(Contract).SentRevision, world.Row(Contract).AcceptedRevision), Is.EqualTo((isAccepted ? 2L : 1L, 2, 1)), Story);
        Assert.That(world.States(Contract), Does.EndWith("Recovering Reconciled Projected"));

        world.Connect(link);
        await world.Run(TimeSpan.FromMinutes(3));
        Assert.Multiple(() =>
        {
            Assert.That(world.Said.OfType<PushContract>().Count(push => push.Contract.Revision == 2), Is.EqualTo(pushes), "pushed again only if it did not arrive");
            Assert.That(world.States(Contract), Does.EndWith("Completed"), Story);
            Assert.That(world.Row(Contract).AcceptedRevision, Is.EqualTo(2));
            Assert.That(world.Said.OfType<RecoveryRequested>().Count(), Is.EqualTo(1), "doubt is no failure");
        });
    }

    private Domain.Execution Execution => world.Row(Contract).Execution;

    private ContractView Held => link.Device.Contracts.Single();

    private string Story => world.Story(new LawBroken("not as expected", ""));

    private static bool IsJournal(DeviceMessage message) => message.Topic.EndsWith("/journal", StringComparison.Ordinal);

    private List<DeviceMessage> Chunks() => link.Up.FindAll(IsJournal);

    /// <summary>Away for so long that the journal takes three messages.</summary>
    private async Task BeAway()
    {
        world = await World.Create(new WorldPlan(1) { Devices = 1, IsScripted = true }, new Census());
        link = world.LinkOf("d1");
        world.Connect(link);
        await world.Submit(JsonSerializer.SerializeToElement(World.Document(Contract, "d1", "T-1", 200, 1, TimeSpan.FromMinutes(10))));
        await world.Run(TimeSpan.FromSeconds(5));
        var lostAt = world.Now;
        world.Disconnect(link, clean: false);
        await world.Run(TimeSpan.FromSeconds(180));
        Assert.That(world.Row(Contract).Open.Frozen!.LostAt, Is.EqualTo(lostAt).Within(TimeSpan.FromMilliseconds(1)), "the grace is not left out");
    }
}
