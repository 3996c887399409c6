using Microsoft.Extensions.Options;

namespace ExecutionManager.Neighbours.Tests;

public sealed class When_a_neighbour_is_told_to_fail
{
    // Only so that a test which would never end fails.
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(30);

    [TestCase("Policy")]
    [TestCase("Planner")]
    [TestCase("Equator")]
    [TestCase("Scheduler")]
    public async Task Should_not_answer_when_silent(string name)
    {
        await using var neighbours = await Neighbourhood.Start([($"Neighbours:{name}:Fault", "silent"), .. OwnFiles(name)]);

        await neighbours.Publish(RequestFor(name));

        await neighbours.Consumed(RequestFor(name));
        Assert.That(neighbours.PublishedNow(), Is.EqualTo([RequestFor(name).GetType().Name]));
    }

    [TestCase("Policy", typeof(RecoveryDecided))]
    [TestCase("Planner", typeof(PlanRevised))]
    [TestCase("Equator", typeof(SpatialDataProvided))]
    public async Task Should_answer_rightly_after_the_delay_when_slow(string name, Type answer)
    {
        await using var neighbours = await Neighbourhood.Start(($"Neighbours:{name}:Fault", "slow"), ($"Neighbours:{name}:Delay", "00:00:20"));

        await neighbours.Publish(RequestFor(name));
        await neighbours.Time.Awaited.WaitAsync(Hang);
        neighbours.Time.Advance(TimeSpan.FromSeconds(19));
        var early = neighbours.PublishedNow().ToList();
        neighbours.Time.Advance(TimeSpan.FromSeconds(1));

        await neighbours.Consumed(RequestFor(name));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(early, Has.Count.EqualTo(1));
            Assert.That(neighbours.PublishedNow(), Is.EqualTo([RequestFor(name).GetType().Name, answer.Name]));
        }
    }

    [Test]
    public async Task Should_decide_what_is_not_allowed_when_wrong()
    {
        await using var neighbours = await Neighbourhood.Start(("Neighbours:Policy:Fault", "wrong"));

        var decided = await neighbours.Ask<RecoveryDecided>(Requests.Recovery());

        Assert.That(decided.Strategy, Is.EqualTo(RecoveryStrategy.Reassign));
    }

    [Test]
    public async Task Should_answer_another_request_when_wrong_and_everything_is_allowed()
    {
        await using var neighbours = await Neighbourhood.Start(("Neighbours:Policy:Fault", "wrong"));
        var request = Requests.Recovery() with { AllowedStrategies = Enum.GetValues<RecoveryStrategy>() };

        var decided = await neighbours.Ask<RecoveryDecided>(request);

        Assert.That(decided.RecoveryId, Is.Not.EqualTo(request.RecoveryId));
    }

    [Test]
    public async Task Should_plan_outside_the_scope_when_wrong()
    {
        await using var neighbours = await Neighbourhood.Start(("Neighbours:Planner:Fault", "wrong"));
        var request = Requests.Replan();

        var revised = await neighbours.Ask<PlanRevised>(request);

        Assert.That(revised.Actions.Select(action => action.ActionType), Is.Not.SubsetOf(request.Contract.Scope!.ActionTypes!));
    }

    [Test]
    public async Task Should_provide_other_content_than_the_hash_says_when_wrong()
    {
        await using var neighbours = await Neighbourhood.Start(("Neighbours:Equator:Fault", "wrong"));

        Assert.That((await neighbours.Ask<SpatialDataProvided>(Requests.Data())).Sha256, Is.EqualTo(new string('0', 64)));
    }

    [Test]
    public async Task Should_assign_nothing_that_could_be_taken_when_wrong()
    {
        await using var neighbours = await Neighbourhood.Start(("Neighbours:Scheduler:Fault", "wrong"), ("Neighbours:Scheduler:Tasks", Requests.TasksFile));

        Assert.That((await neighbours.Answer<TaskAssigned>()).Actions, Is.Empty);
    }

    [Test]
    public async Task Should_assign_after_the_delay_when_slow()
    {
        await using var neighbours = await Neighbourhood.Start(
            ("Neighbours:Scheduler:Fault", "slow"), ("Neighbours:Scheduler:Delay", "00:00:20"), ("Neighbours:Scheduler:Tasks", Requests.TasksFile));
        await neighbours.Time.Awaited.WaitAsync(Hang);
        neighbours.Time.Advance(TimeSpan.FromSeconds(19));
        Assert.That(neighbours.PublishedNow(), Is.Empty);
        neighbours.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.That((await neighbours.Answer<TaskAssigned>()).Actions, Is.Not.Empty);
    }

    [Test]
    public void Should_refuse_settings_it_does_not_know_all_at_once() =>
        Assert.That(async () => await Neighbourhood.Start(("Neighbours:Policy:Fault", "lazy"), ("Neighbours:Policy:Delay", "30"), ("Neighbours:Policy:Rules", "nowhere.yaml")),
            Throws.InstanceOf<OptionsValidationException>().With.Property("Failures").EqualTo((string[])[
                $"Neighbours:Policy:Rules: Could not find file '{Path.GetFullPath("nowhere.yaml")}'.",
                "Neighbours:Policy:Fault: 'lazy' is not one of: none, silent, slow, wrong.",
                "Neighbours:Policy:Delay: '30' is no duration above zero such as 00:00:30.",
            ]));

    private static (string, string)[] OwnFiles(string name) => name == "Scheduler" ? [("Neighbours:Scheduler:Tasks", Requests.TasksFile)] : [];

    private static object RequestFor(string name) => name switch
    {
        "Policy" => Requests.Recovery(),
        "Planner" => Requests.Replan(),
        "Scheduler" => Requests.Reassignment(),
        _ => Requests.Data(),
    };
}
