namespace ExecutionManager.Neighbours.Tests;

public sealed class When_a_replan_is_requested
{
    private static readonly Planner Planner = new(new(Fault.None, default));

    [Test]
    public async Task Should_revise_the_plan_on_the_bus()
    {
        await using var neighbours = await Neighbourhood.Start();
        var request = Requests.Replan();

        var revised = await neighbours.Ask<PlanRevised>(request);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((revised.ContractId, revised.ReplanId, revised.Scope), Is.EqualTo((request.ContractId, request.ReplanId, default(ContractScope))));
            Assert.That(revised.Actions.Select(action => action.ActionId), Is.EqualTo(["a2", "a3"]), "what is finished is dropped");
        }
    }

    [Test]
    public async Task Should_keep_the_plan_on_the_bus_when_the_divergence_is_minor()
    {
        await using var neighbours = await Neighbourhood.Start();
        var request = Requests.Replan(report: Requests.Report(DivergenceLevel.Minor, time: 0.4));

        Assert.That(await neighbours.Ask<PlanKept>(request), Is.EqualTo(new PlanKept { ContractId = request.ContractId, ReplanId = request.ReplanId }));
    }

    [Test]
    public async Task Should_fail_on_the_bus_when_even_the_shortest_durations_end_after_the_window()
    {
        await using var neighbours = await Neighbourhood.Start();
        var request = Requests.Replan(notAfter: Requests.Now.AddSeconds(79));

        var failed = await neighbours.Ask<ReplanFailed>(request);

        Assert.That(failed.Reason, Is.EqualTo("at least PT1M20S is needed and the window ends at 2026-11-24T09:01:19.0000000+00:00"));
    }

    [Test]
    public void Should_keep_the_plan_when_only_data_differs() =>
        Assert.That(Answer(Requests.Replan(report: Requests.Report(DivergenceLevel.Major, data: 1))), Is.TypeOf<PlanKept>());

    [Test]
    public void Should_revise_the_plan_when_nobody_knows_what_was_done() =>
        Assert.That(Answer(Requests.Replan(report: Requests.Report(DivergenceLevel.Undetermined, flow: null))), Is.TypeOf<PlanRevised>());

    [Test]
    public void Should_keep_a_plan_at_risk_that_can_still_be_in_time() =>
        Assert.That(Answer(Requests.Replan(ReplanReason.WindowAtRisk, notAfter: Requests.Now.AddSeconds(80))), Is.TypeOf<PlanKept>());

    [Test]
    public void Should_count_what_the_running_action_has_spent() =>
        Assert.That(Planner.Answer(Requests.Replan(ReplanReason.WindowAtRisk, notAfter: Requests.Now.AddSeconds(80)), Requests.Now.AddSeconds(30)),
            Is.TypeOf<PlanKept>());

    [TestCase(ReplanReason.Outdated)]
    [TestCase(ReplanReason.LateEvidence)]
    public void Should_always_revise_what_was_made_from_an_old_state(ReplanReason reason) =>
        Assert.That(Answer(Requests.Replan(reason, Requests.Report(DivergenceLevel.Minor))), Is.TypeOf<PlanRevised>());

    [Test]
    public void Should_revise_to_no_actions_when_another_device_did_everything()
    {
        var request = Requests.Replan(ReplanReason.LateEvidence) with { RemainingActions = [Requests.Action("a1")] };

        Assert.That(Revised(request).Actions, Is.Empty);
    }

    [Test]
    public void Should_leave_durations_when_the_pace_is_near_the_plan() =>
        Assert.That(Durations(Requests.Replan(firstTook: 65)), Is.EqualTo([(40, 60, 80), (40, 60, 80)]));

    [Test]
    public void Should_widen_upwards_when_the_pace_is_slow_and_leave_the_running_action_alone() =>
        Assert.That(Durations(Requests.Replan(firstTook: 90)), Is.EqualTo([(40, 60, 80), (40, 90, 120)]));

    [Test]
    public void Should_leave_alone_what_may_have_begun_by_the_time_the_plan_arrives() =>
        Assert.That(Planner.Answer(Requests.Replan(firstTook: 90), Requests.Now.AddSeconds(35)), Has.Property("Actions").EquivalentTo(Requests.Replan().Contract.Actions!.Skip(1)));

    [Test]
    public void Should_widen_downwards_when_the_pace_is_fast() =>
        Assert.That(Durations(Requests.Replan(firstTook: 45)), Is.EqualTo([(40, 60, 80), (30, 45, 80)]));

    [Test]
    public void Should_give_a_failed_action_a_new_id()
    {
        var request = Requests.Replan() with { Actual = Requests.Actual(new() { ["a1"] = new() { Status = ActionStatus.Failed } }) };

        Assert.That(Revised(request).Actions.Select(action => (action.ActionId, action.RetryOf)), Is.EqualTo([("a1-r2", "a1"), ("a2", null), ("a3", null)]));
    }

    private static object Answer(ReplanRequested request) => Planner.Answer(request, Requests.Now);

    private static PlanRevised Revised(ReplanRequested request) => (PlanRevised)Answer(request);

    private static IEnumerable<(int Min, int Mode, int Max)> Durations(ReplanRequested request) =>
        Revised(request).Actions.Select(action => action.Duration!)
            .Select(d => ((int)d.Min!.Value.TotalSeconds, (int)d.Mode!.Value.TotalSeconds, (int)d.Max!.Value.TotalSeconds));
}
