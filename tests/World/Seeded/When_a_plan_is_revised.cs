using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Simulation;

namespace ExecutionManager.World.Tests;

/// <summary>A plan fits no longer: what the Planner answers and when, and what the device does meanwhile.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class When_a_plan_is_revised
{
    private static readonly Guid Contract = Guid.Parse("0198f0c2-7c1e-7d3a-9a55-000000000001");
    private World world = null!;

    [TearDown]
    public ValueTask End() => world.DisposeAsync();

    [Test]
    public async Task Should_let_the_device_go_on_while_it_is_planned_and_when_the_plan_comes()
    {
        var asked = await Diverge();
        await world.Run(TimeSpan.FromSeconds(5));
        Assert.That(world.States(Contract), Does.EndWith("Reconciled"), Story);
        Assert.That(Held.Status, Is.EqualTo(Simulation.ContractStatus.Executing), "nobody waits for the Planner");

        await world.Publish(Revised(asked, asked.RemainingActions[1], asked.RemainingActions[2], asked.RemainingActions[0]), "planner >");
        await world.Run(TimeSpan.FromSeconds(1));
        Assert.That(world.States(Contract), Does.EndWith("Reconciled Live"), Story);
        await world.Run(TimeSpan.FromMinutes(4));
        Assert.Multiple(() =>
        {
            Assert.That(world.States(Contract), Does.EndWith("Live Completed"), Story);
            Assert.That(world.Row(Contract).AcceptedRevision, Is.EqualTo(2));
            Assert.That(Journal("actionFinished"), Is.EqualTo(new[] { "a2", "a3", "a1" }), "in the new order, and what ran went on");
            Assert.That(Journal("paused").Concat(Journal("actionStopped")), Is.Empty);
        });
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Should_plan_once_more_for_a_device_that_is_ahead_and_holds_meanwhile(bool held)
    {
        var asked = await Diverge();
        var link = world.LinkOf("d1");
        link.Loses = message => message.Topic.EndsWith("/journal", StringComparison.Ordinal);
        while (!Journal("actionFinished").Contains("a2"))
            await world.Run(TimeSpan.FromSeconds(1));
        await world.Publish(Revised(asked, asked.RemainingActions[2]), "planner, who does not know that a2 is finished >");
        link.Loses = _ => false;
        await world.Run(TimeSpan.FromSeconds(20));
        Assert.Multiple(() =>
        {
            Assert.That(Asked.Select(one => one.Reason), Is.EqualTo(new[] { ReplanReason.Divergence, ReplanReason.Outdated }), Story);
            Assert.That((world.Row(Contract).Intent, Held.Status), Is.EqualTo((Intent.Hold, Simulation.ContractStatus.Paused)), Story);
        });

        if (held)
            await Hold();
        await world.Publish(held ? new PlanKept { ContractId = Contract, ReplanId = Asked[1].ReplanId } : Revised(Asked[1], [.. Asked[1].RemainingActions.Where(action => action.ActionId != "a1")]), "planner >");
        if (held)
            await Resume();
        await world.Run(TimeSpan.FromMinutes(3));
        Assert.Multiple(() =>
        {
            Assert.That(world.States(Contract), Does.EndWith("Reconciled Live Completed"), Story);
            Assert.That(Pushed, Is.EqualTo(new[] { 1, 2, 3 }), "a number that was sent is never used again");
            Assert.That(Journal("actionFinished"), Is.EqualTo(new[] { "a2", "a3" }));
        });
    }

    [Test]
    public async Task Should_keep_the_new_plan_for_the_return_of_a_device_that_is_away_again()
    {
        var (asked, link) = (await Diverge(), world.LinkOf("d1"));
        world.Disconnect(link, clean: false);
        await world.Run(TimeSpan.FromSeconds(5));
        await world.Publish(Revised(asked) with { ReplanId = Contract }, "planner, to an older request >");
        await world.Publish(Revised(asked, asked.RemainingActions[1], asked.RemainingActions[2]), "planner >");
        await world.Run(TimeSpan.FromSeconds(5));
        Assert.That(world.States(Contract), Does.EndWith("Projected Reconciled Projected"), Story);
        Assert.That((world.Row(Contract).Revision, Pushed.Max()), Is.EqualTo((2, 1)), "nobody is there to have it pushed");

        world.Connect(link);
        await world.Run(TimeSpan.FromMinutes(3));
        Assert.That(world.States(Contract), Does.EndWith("Projected Reconciled Live Completed"), Story);
        Assert.That(world.Row(Contract).AcceptedRevision, Is.EqualTo(2));
    }

    [TestCase("fly", "actions[0].actionType")]
    [TestCase("no way", "the Planner found no plan: no way")]
    public async Task Should_fail_at_the_return_when_a_device_that_is_away_got_no_plan(string answer, string why)
    {
        var (asked, link) = (await Diverge(), world.LinkOf("d1"));
        world.Disconnect(link, clean: false);
        await world.Run(TimeSpan.FromSeconds(5));
        await world.Publish(answer == "fly" ? Revised(asked, asked.RemainingActions[1] with { ActionType = "fly" })
            : new ReplanFailed { ContractId = Contract, ReplanId = asked.ReplanId, Reason = answer }, "planner >");
        await world.Run(TimeSpan.FromSeconds(5));
        Assert.That(world.States(Contract), Does.EndWith("Reconciled Projected"), Story);
        world.Connect(link);
        await world.Run(TimeSpan.FromSeconds(2));
        Assert.Multiple(() =>
        {
            Assert.That(world.States(Contract), Does.EndWith("Projected Reconciled Recovering"), Story);
            Assert.That(Failure.Kind, Is.EqualTo(FailureKind.ReplanFailed));
            Assert.That(Failure.Detail, Does.Contain(why));
            Assert.That(Asked, Has.Count.EqualTo(1), "it has answered");
        });
    }

    [Test]
    public async Task Should_push_the_new_plan_on_resume_to_a_contract_that_was_held_when_it_came()
    {
        var asked = await Diverge();
        await Hold();
        await world.Publish(Revised(asked, asked.RemainingActions[1], asked.RemainingActions[2]), "planner >");
        await world.Run(TimeSpan.FromSeconds(5));
        Assert.That((world.States(Contract).EndsWith("Reconciled Held", StringComparison.Ordinal), world.Row(Contract).Intent, Held.Status, Pushed.Max()),
            Is.EqualTo((true, Intent.Hold, Simulation.ContractStatus.Paused, 1)), Story);
        await Resume();
        Assert.Multiple(() =>
        {
            Assert.That(world.States(Contract), Does.EndWith("Held Projected Reconciled Live Completed"), Story);
            Assert.That((world.Row(Contract).AcceptedRevision, Asked.Count), Is.EqualTo((2, 1)));
            Assert.That(Journal("actionFinished"), Is.EqualTo(new[] { "a2", "a3" }));
        });
    }

    [Test]
    public async Task Should_ask_again_on_resume_when_no_answer_came_to_a_held_contract()
    {
        var asked = await Diverge();
        await Hold();
        await world.Run(TimeSpan.FromMinutes(2));
        await Resume(TimeSpan.FromSeconds(5));
        Assert.That(Asked.Select(one => one.Reason), Is.EqualTo(new[] { asked.Reason, asked.Reason }), Story);
        await world.Publish(new PlanKept { ContractId = Contract, ReplanId = Asked[1].ReplanId }, "planner >");
        await world.Run(TimeSpan.FromSeconds(5));
        Assert.That(world.States(Contract), Does.EndWith("Reconciled Held Projected Reconciled Live"), Story);
    }

    [Test]
    public async Task Should_go_on_at_once_when_the_plan_was_kept_for_a_held_contract()
    {
        var asked = await Diverge();
        await Hold();
        await world.Publish(new PlanKept { ContractId = Contract, ReplanId = asked.ReplanId }, "planner >");
        await world.Run(TimeSpan.FromSeconds(5));
        Assert.That((world.Row(Contract).Intent, Held.Status), Is.EqualTo((Intent.Hold, Simulation.ContractStatus.Paused)), Story);
        await Resume(TimeSpan.FromSeconds(5));
        Assert.That(world.States(Contract), Does.EndWith("Reconciled Held Live"), Story);
        Assert.That(Asked, Has.Count.EqualTo(1), Story);
    }

    [TestCase("fly", "actions[0].actionType")]
    [TestCase("no way", "the Planner found no plan: no way")]
    public async Task Should_fail_on_resume_when_a_held_contract_got_no_plan(string answer, string why)
    {
        var asked = await Diverge();
        await Hold();
        await world.Publish(answer == "fly" ? Revised(asked, asked.RemainingActions[1] with { ActionType = "fly" })
            : new ReplanFailed { ContractId = Contract, ReplanId = asked.ReplanId, Reason = answer }, "planner >");
        await world.Run(TimeSpan.FromSeconds(5));
        Assert.That(world.States(Contract), Does.EndWith("Reconciled Held"), Story);
        await Resume(TimeSpan.FromSeconds(1));
        Assert.Multiple(() =>
        {
            Assert.That(world.States(Contract), Does.EndWith("Reconciled Held Recovering"), Story);
            Assert.That(Failure.Kind, Is.EqualTo(FailureKind.ReplanFailed));
            Assert.That(Failure.Detail, Does.Contain(why));
        });
    }

    [Test]
    public async Task Should_decide_about_what_the_device_did_wrong_rather_than_about_the_missing_plan()
    {
        var (asked, link) = (await Diverge(fails: true), world.LinkOf("d1"));
        world.Disconnect(link, clean: false);
        await Hold();
        world.Connect(link);
        await world.Run(TimeSpan.FromSeconds(2));
        Assert.That(Journal("actionFailed"), Is.EqualTo(new[] { "a2" }), Story);
        await world.Publish(new ReplanFailed { ContractId = Contract, ReplanId = asked.ReplanId, Reason = "no way" }, "planner >");
        await Resume(TimeSpan.FromSeconds(1));
        Assert.That(Failure.Kind, Is.EqualTo(FailureKind.ActionFailed), Story);
    }

    [Test]
    public async Task Should_ask_on_resume_about_what_came_to_light_while_it_was_held()
    {
        await Diverge(held: true);
        Assert.That((world.States(Contract), Asked.Count), Is.EqualTo(("AwaitingConnection Pushing Live Projected Held", 0)), Story);
        await Resume(TimeSpan.FromSeconds(5));
        Assert.That(Asked.Select(one => one.Reason), Is.EqualTo(new[] { ReplanReason.Divergence }), Story);
        Assert.That(world.States(Contract), Does.EndWith("Held Projected Reconciled"), Story);
    }

    [Test]
    public async Task Should_keep_the_plan_and_not_ask_again_about_what_is_settled()
    {
        var asked = await Diverge();
        await world.Publish(new PlanKept { ContractId = Contract, ReplanId = Contract }, "planner, to an older request >");
        await world.Run(TimeSpan.FromSeconds(1));
        Assert.That(world.States(Contract), Does.EndWith("Reconciled"), "still open");
        await world.Publish(new PlanKept { ContractId = Contract, ReplanId = asked.ReplanId }, "planner >");
        await world.Publish(Revised(asked, asked.RemainingActions[2]), "planner, who thinks better of it too late >");
        await Reconcile();
        await world.Run(TimeSpan.FromMinutes(4));
        Assert.Multiple(() =>
        {
            Assert.That(world.States(Contract), Does.EndWith("Reconciled Live Reconciled Live Completed"), Story);
            Assert.That(Asked, Has.Count.EqualTo(1));
            Assert.That(Pushed, Is.EqualTo(new[] { 1 }));
        });
    }

    [Test]
    public async Task Should_fail_when_the_Planner_is_silent_and_ignore_what_comes_late()
    {
        var asked = await Diverge();
        await world.Run(TimeSpan.FromSeconds(31));
        await world.Publish(Revised(asked, asked.RemainingActions[1], asked.RemainingActions[2]), "planner, late >");
        await world.Run(TimeSpan.FromSeconds(1));
        Assert.Multiple(() =>
        {
            Assert.That(Failure, Is.EqualTo((FailureKind.ReplanFailed, "the Planner did not answer in time")), Story);
            Assert.That(asked.Deadline, Is.EqualTo(world.Now - TimeSpan.FromSeconds(2)).Within(TimeSpan.FromSeconds(2)), "as the request said");
            Assert.That(world.States(Contract), Does.EndWith("Reconciled Recovering"), Story);
            Assert.That(Pushed, Is.EqualTo(new[] { 1 }));
        });
    }

    [TestCase("fly", "actions[0].actionType")]
    [TestCase("twice", "actions[1].actionId")]
    [TestCase("nothing", "actions")]
    [TestCase("no way", "the Planner found no plan: no way")]
    public async Task Should_fail_when_the_plan_cannot_be_used(string answer, string why)
    {
        var asked = await Diverge();
        var next = asked.RemainingActions[1];
        await world.Publish(answer switch
        {
            "fly" => Revised(asked, next with { ActionType = "fly" }),
            "twice" => Revised(asked, next, next),
            "nothing" => Revised(asked),
            _ => new ReplanFailed { ContractId = Contract, ReplanId = asked.ReplanId, Reason = answer },
        }, "planner >");
        await world.Run(TimeSpan.FromSeconds(1));
        Assert.Multiple(() =>
        {
            Assert.That(Failure.Kind, Is.EqualTo(FailureKind.ReplanFailed), Story);
            Assert.That(Failure.Detail, Does.Contain(why));
            Assert.That(world.States(Contract), Does.EndWith("Reconciled Recovering"), Story);
            Assert.That(Held.Status, Is.EqualTo(Simulation.ContractStatus.Executing), "it has a plan, and no order to stop");
            Assert.That(Pushed, Is.EqualTo(new[] { 1 }));
        });
    }

    [Test]
    public async Task Should_ask_once_whether_a_window_at_risk_can_be_kept()
    {
        // Three actions of 20 to 40 s, and 75 s for all of them.
        var asked = await Diverge(skips: false, window: TimeSpan.FromSeconds(75));
        Assert.That(asked.Reason, Is.EqualTo(ReplanReason.WindowAtRisk), Story);
        await world.Publish(new PlanKept { ContractId = Contract, ReplanId = asked.ReplanId }, "planner >");
        await Reconcile();
        Assert.That(Asked, Has.Count.EqualTo(1), Story);
        Assert.That(world.States(Contract), Does.EndWith("Reconciled Live Reconciled Live"), Story);
        await world.Run(TimeSpan.FromMinutes(1));
        Assert.That(Failure.Kind, Is.EqualTo(FailureKind.WindowMissed), "nothing was decided away");
    }

    private string Story => world.Story(new LawBroken("not as expected", ""));
    private List<ReplanRequested> Asked => [.. world.Said.OfType<ReplanRequested>()];
    private IEnumerable<int> Pushed => world.Said.OfType<PushContract>().Select(push => push.Contract.Revision!.Value).Distinct();
    private (FailureKind Kind, string Detail) Failure => world.Said.OfType<RecoveryRequested>().FirstOrDefault() is { Failure: var failure } ? (failure.Kind, failure.Detail) : throw new AssertionException(Story);
    private SimulatedDevice Device => world.LinkOf("d1").Device;
    private ContractView Held => Device.Contracts.Single();
    private IEnumerable<string?> Journal(string type) => Device.Contracts.Concat(Device.Closed).Single().Journal.Where(entry => entry.Type == type).Select(entry => entry.ActionId);

    /// <summary>A device that was away for a while and did not do what was planned, or not fast enough; what the Planner is asked then.</summary>
    private async Task<ReplanRequested> Diverge(bool skips = true, TimeSpan? window = null, bool held = false, bool fails = false)
    {
        var script = new DeviceScript { OnAction = action => new ActionBehaviour { Skip = skips && action is { ActionId: "a1", Revision: 1 }, Fraction = 0.5, FailWith = fails ? "blocked" : null } };
        world = await World.Create(new WorldPlan(1) { Devices = 1, IsScripted = true, Script = script }, new Census());
        var link = world.LinkOf("d1");
        world.Connect(link);
        await world.Run(TimeSpan.FromSeconds(1));
        var document = World.Document(Contract, "d1", "T-1", 3, 20, TimeSpan.FromSeconds(120));
        if (window is { } time)
            document["scope"]!["notAfter"] = (world.Now + time).UtcDateTime;
        await world.Submit(JsonSerializer.SerializeToElement(document));
        await world.Run(TimeSpan.FromSeconds(5));
        world.Disconnect(link, clean: false);
        await world.Run(TimeSpan.FromSeconds(5));
        if (held)
            await Hold();
        world.Connect(link);
        await world.Run(TimeSpan.FromSeconds(2));
        return held ? null! : Asked.SingleOrDefault() ?? throw new AssertionException(Story);
    }

    private async Task Hold()
    {
        await world.Publish(new HoldContract { ContractId = Contract, Reason = "aisle closed", RequestedBy = "an operator" }, "operator >");
        await world.Run(TimeSpan.FromSeconds(5));
    }

    private async Task Resume(TimeSpan? time = null)
    {
        await world.Publish(new ResumeContract { ContractId = Contract, Reason = "open again", RequestedBy = "an operator" }, "operator >");
        await world.Run(time ?? TimeSpan.FromMinutes(3));
    }

    private async Task Reconcile()
    {
        await world.Publish(new ReconcileContract { ContractId = Contract, Reason = "to be sure", RequestedBy = "an operator" }, "operator >");
        await world.Run(TimeSpan.FromSeconds(5));
    }

    private static PlanRevised Revised(ReplanRequested asked, params PlannedAction[] actions) => new() { ContractId = Contract, ReplanId = asked.ReplanId, Actions = actions };
}
