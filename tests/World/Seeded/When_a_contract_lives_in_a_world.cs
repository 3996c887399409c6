using System.Text.Json;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.World.Tests;

public class When_a_contract_lives_in_a_world
{
    [Test]
    public async Task Should_be_followed_through_a_lost_connection_to_its_completion()
    {
        await using var world = await World.Create(new WorldPlan(1) { Devices = 1 }, new Census());
        var link = world.LinkOf("d1");
        var contract = Guid.Parse("0198f0c2-7c1e-7d3a-9a55-000000000001");
        try
        {
            await world.Submit(JsonSerializer.SerializeToElement(World.Document(contract, "d1", "T-1", 3, 20, TimeSpan.FromMinutes(2))));
            await world.Run(TimeSpan.FromSeconds(3));
            world.Connect(link);
            await world.Run(TimeSpan.FromSeconds(30));
            world.Disconnect(link, clean: false);
            await world.Run(TimeSpan.FromSeconds(30));
            world.Connect(link);
            await world.Run(TimeSpan.FromSeconds(90));
        }
        catch (Exception e)
        {
            Assert.Fail(world.Story(e));
        }

        Assert.That(world.States(contract), Is.EqualTo("AwaitingConnection Pushing Live Projected Reconciled Live Completed"), world.Story(new LawBroken("walk", "")));
    }

    [Test]
    public async Task Should_be_taken_up_with_what_was_done_before_anybody_knew_it()
    {
        await using var world = await World.Create(new WorldPlan(1) { Devices = 1 }, new Census());
        world.Connect(world.LinkOf("d1"));
        var document = world.Haunt(world.LinkOf("d1"));
        await world.Run(TimeSpan.FromSeconds(15));
        Assert.That(world.LinkOf("d1").Device.Contracts[0].Journal[^1].Type, Is.EqualTo("stopped"), "what nobody knows is stopped");
        var (stoppedBy, before) = (world.LinkOf("d1").Device.Contracts[0].IntentVersion, world.Said.OfType<SetDesired>().ToList());
        await world.Submit(document);
        await world.Run(TimeSpan.FromSeconds(1));

        var desired = world.Said.OfType<SetDesired>();
        var contract = document.GetProperty("contractId").GetGuid();
        Assert.That(world.States(contract), Does.StartWith("AwaitingConnection Projected Reconciled Recovering"), world.Story(new LawBroken("taken up", "")));
        Assert.That(desired.Except(before).Select(one => one.IntentVersion), Is.Not.Empty.And.All.GreaterThan(stoppedBy), "the device would ignore what is not above the stop");
    }

    [Test]
    public async Task Should_not_give_the_version_of_a_stop_under_way_another_meaning_when_it_is_taken_up()
    {
        await using var world = await World.Create(new WorldPlan(1) { Devices = 1, IsScripted = true }, new Census());
        var link = world.LinkOf("d1");
        var contract = Guid.Parse("0198f0c2-7c1e-7d3a-9a55-000000000001");
        world.Connect(link);
        await world.Run(TimeSpan.FromSeconds(1));
        await world.Say(link, "journal", new
        {
            contractId = contract, entries = new[] { new { seq = 1, revision = 1, at = InstantConverter.Format(world.Now), type = "accepted" } }, tail = 1,
            snapshot = new { at = InstantConverter.Format(world.Now), status = "executing", revision = 1, intentVersion = 1, actions = new { } },
            connectionEpoch = link.Device.Epoch, uptimeMs = 600_000, sentAt = InstantConverter.Format(world.Now),
        });
        link.IsSilent = true;   // the stop is under way
        await world.Run(TimeSpan.Zero);
        var stop = world.Said.OfType<SetDesired>().Single();
        await world.Submit(JsonSerializer.SerializeToElement(World.Document(contract, "d1", "T-1", 2, 20, TimeSpan.FromMinutes(2))));
        await world.Publish(new HoldContract { ContractId = contract, Reason = "rain", RequestedBy = "operator" }, "an operator says");
        await world.Run(TimeSpan.FromSeconds(1));

        Assert.That(stop.Intent, Is.EqualTo(Intent.Stop));
        Assert.That(world.Said.OfType<SetDesired>().Where(one => one.Intent != Intent.Stop).Select(one => one.IntentVersion), Is.Not.Empty.And.All.LessThan(stop.IntentVersion), world.Story(new LawBroken("version", "")));
    }

    [Test]
    public async Task Should_refuse_entries_that_contradict_the_journal()
    {
        await using var world = await World.Create(new WorldPlan(1) { Devices = 1, IsScripted = true }, new Census());
        var link = world.LinkOf("d1");
        var contract = Guid.Parse("0198f0c2-7c1e-7d3a-9a55-000000000001");
        world.Connect(link);
        await world.Submit(JsonSerializer.SerializeToElement(World.Document(contract, "d1", "T-1", 2, 20, TimeSpan.FromMinutes(2))));
        await world.Run(TimeSpan.FromSeconds(5));
        Task Say(int seq, string type, int tail) => world.Say(link, "journal", new
        {
            contractId = contract, entries = new[] { new { seq, revision = 1, at = InstantConverter.Format(world.Now), type, actionId = "a1" } }, tail,
            connectionEpoch = link.Device.Epoch, uptimeMs = 600_000, sentAt = InstantConverter.Format(world.Now),
        });

        await Say(2, "actionStarted", tail: 2);   // the same again
        await world.Run(TimeSpan.FromSeconds(1));
        Assert.That(Refused(), Is.Empty, world.Story(new LawBroken("refused", "")));
        await Say(3, "actionFailed", tail: 2);
        await Say(2, "actionFinished", tail: 2);
        await world.Run(TimeSpan.FromSeconds(1));

        Assert.That(Refused(), Is.EqualTo(new[] { "malformed entry 3 lies beyond the tail 2", "conflict entry 2 was actionStarted and is actionFinished now: the first counts" }));
        Assert.That((world.Row(contract).Execution.Seq, world.Row(contract).CurrentState), Is.EqualTo((2L, "Live")));

        IEnumerable<string> Refused() => world.Said.OfType<RejectDeviceMessage>().Select(refused => $"{refused.Reason} {refused.Detail}");
    }

    [Test]
    public async Task Should_not_wait_for_ever_for_what_is_missing_from_the_journal_of_a_connected_device()
    {
        await using var world = await World.Create(new WorldPlan(1) { Devices = 1, IsScripted = true }, new Census());
        var link = world.LinkOf("d1");
        var contract = Guid.Parse("0198f0c2-7c1e-7d3a-9a55-000000000001");
        link.Loses = message => message.Topic.EndsWith("/journal", StringComparison.Ordinal) && message.Text.Contains("\"seq\":3,", StringComparison.Ordinal);
        world.Connect(link);
        await world.Submit(JsonSerializer.SerializeToElement(World.Document(contract, "d1", "T-1", 2, 20, TimeSpan.FromMinutes(2))));
        await world.Run(TimeSpan.FromMinutes(6));

        Assert.That(world.Row(contract).Execution.Lost.Select(range => (range.From, range.To)), Is.EqualTo(new[] { (3L, 4L) }), world.Story(new LawBroken("gap", "")));
        Assert.That(world.States(contract), Does.EndWith("Completed"), world.Story(new LawBroken("gap", "")));
    }
}
