using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Simulation;

namespace ExecutionManager.World.Tests;

/// <summary>Nobody was there to listen: what waited is heard before silence is concluded.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class When_the_workers_were_down
{
    private static readonly Guid Contract = Guid.Parse("0198f0c2-7c1e-7d3a-9a55-000000000001");
    private World world = null!;
    private Link link = null!;

    [TearDown]
    public ValueTask End() => world.DisposeAsync();

    [Test]
    public async Task Should_hear_the_truth_before_a_failure_is_concluded_from_silence(
        [Values(FailureKind.DeviceUnreachable, FailureKind.AcceptTimeout, FailureKind.OfflineTooLong, FailureKind.ReconciliationTimeout)] FailureKind kind)
    {
        await MissTheDeadlineOf(kind);
        await world.Run(TimeSpan.FromSeconds(5));
        link.Loses = _ => false;
        if (kind == FailureKind.AcceptTimeout)
            world.Disconnect(link, clean: false);
        if (kind != FailureKind.ReconciliationTimeout)
            world.Connect(link);
        await world.Run(TimeSpan.FromSeconds(20));

        Assert.That(Asked, Is.Empty, Story);
        Assert.That(world.States(Contract), Does.EndWith(kind is FailureKind.DeviceUnreachable or FailureKind.AcceptTimeout ? "Pushing Live" : "Projected Reconciled Live"), Story);
    }

    [Test]
    public async Task Should_conclude_it_once_what_waited_is_heard(
        [Values(FailureKind.DeviceUnreachable, FailureKind.AcceptTimeout, FailureKind.OfflineTooLong, FailureKind.ReconciliationTimeout)] FailureKind kind)
    {
        await MissTheDeadlineOf(kind);
        var catchUp = new WorldPlan(1).Settings.CatchUp;
        await world.Run(catchUp - TimeSpan.FromSeconds(1));
        Assert.That(Asked, Is.Empty, Story);
        await world.Run(TimeSpan.FromSeconds(2));
        Assert.That(Asked.Select(asked => asked.Failure.Kind).ToArray(), Is.EqualTo(new[] { kind }), Story);
    }

    [Test]
    public async Task Should_put_it_off_once()
    {
        await MissTheDeadlineOf(FailureKind.OfflineTooLong);
        await world.Run(TimeSpan.FromSeconds(1));
        await world.Restart(after: TimeSpan.FromMinutes(1));
        await world.Run(TimeSpan.FromSeconds(1));
        Assert.That(Asked.Select(asked => asked.Failure.Kind).ToArray(), Is.EqualTo(new[] { FailureKind.OfflineTooLong }), Story);
    }

    [Test]
    public async Task Should_believe_at_once_in_a_deadline_that_was_hardly_missed()
    {
        await MissTheDeadlineOf(FailureKind.OfflineTooLong, by: TimeSpan.FromSeconds(9));
        await world.Run(TimeSpan.FromSeconds(1));
        Assert.That(Asked.Select(asked => asked.Failure.Kind).ToArray(), Is.EqualTo(new[] { FailureKind.OfflineTooLong }), Story);
    }

    [Test]
    public async Task Should_not_take_for_stalled_what_went_on_meanwhile()
    {
        var pause = new DeviceScript { OnAction = action => action.ActionId == "a1" ? new ActionBehaviour { PauseFor = TimeSpan.FromSeconds(35) } : ActionBehaviour.AsPlanned };
        world = await World.Create(new WorldPlan(1) { Devices = 1, IsScripted = true, Script = pause }, new Census());
        link = world.LinkOf("d1");
        world.Connect(link);
        await world.Submit(JsonSerializer.SerializeToElement(World.Document(Contract, "d1", "T-1", 20, 20, TimeSpan.FromMinutes(5))));
        while (world.Row(Contract).Execution.Running is not { Status: Domain.ActionStatus.Paused })
            await world.Run(TimeSpan.FromSeconds(1));
        await world.Restart(after: TimeSpan.FromSeconds(55));
        await world.Run(TimeSpan.FromSeconds(60));

        Assert.That(Asked, Is.Empty, Story);
        Assert.That(world.States(Contract), Does.EndWith("Live"), Story);
    }

    private IEnumerable<RecoveryRequested> Asked => world.Said.OfType<RecoveryRequested>();

    private string Story => world.Story(new LawBroken("not as expected", ""));

    /// <summary>The workers stop with the deadline armed, and start when it is over for so long.</summary>
    private async Task MissTheDeadlineOf(FailureKind kind, TimeSpan? by = null)
    {
        world = await World.Create(new WorldPlan(1) { Devices = 1, IsScripted = true }, new Census());
        link = world.LinkOf("d1");
        if (kind == FailureKind.AcceptTimeout)
            link.Loses = message => message.Topic.EndsWith("/ack", StringComparison.Ordinal) || message.Topic.EndsWith("/journal", StringComparison.Ordinal);
        if (kind != FailureKind.DeviceUnreachable)
            world.Connect(link);
        await world.Submit(JsonSerializer.SerializeToElement(World.Document(Contract, "d1", "T-1", 20, 20, TimeSpan.FromSeconds(60))));
        await world.Run(TimeSpan.FromSeconds(5));
        if (kind is FailureKind.OfflineTooLong or FailureKind.ReconciliationTimeout)
            world.Disconnect(link, clean: false);
        await world.Run(TimeSpan.FromSeconds(10));
        while (kind == FailureKind.AcceptTimeout && world.Row(Contract).Open.Attempts < new WorldPlan(1).Settings.AcceptAttempts)
            await world.Run(TimeSpan.FromSeconds(1));
        if (kind == FailureKind.ReconciliationTimeout)
        {
            link.Loses = message => message.Topic.EndsWith("/journal", StringComparison.Ordinal);
            world.Connect(link);
            await world.Run(TimeSpan.FromSeconds(1));
        }

        var deadline = world.Row(Contract).Deadlines.Of(kind switch
        {
            FailureKind.DeviceUnreachable => Sagas.DeadlineKind.Push,
            FailureKind.AcceptTimeout => Sagas.DeadlineKind.Accept,
            FailureKind.OfflineTooLong => Sagas.DeadlineKind.OfflineUntil,
            _ => Sagas.DeadlineKind.Actuals,
        })!;
        await world.Run(deadline.At - world.Now - TimeSpan.FromSeconds(1));
        await world.Restart(after: deadline.At - world.Now + (by ?? TimeSpan.FromSeconds(11)));
    }
}
