using CsCheck;

namespace ExecutionManager.Domain.Tests;

public class When_a_device_is_offline
{
    private static readonly Contract Plan = Make.Contract(Make.Action("A", 40, 60, 120), Make.Action("B", 20, 30, 60), Make.Action("C", 60, 90, 150));
    private static readonly Execution Running = Execution.None.Fold([Make.Entry(1, "accepted"), Make.Entry(2, "actionStarted", "A")]);

    private static ProjectionBasis Confirmed(double at) => new(Plan, Running, Make.At(at));

    private static double? Seconds(DateTimeOffset? at) => (at - Make.T0)?.TotalSeconds;

    private static string Said(Estimate estimate) => $"{estimate.CurrentAction ?? "?"} {CamelCase<EstimateCertainty>.Word(estimate.Certainty)}";

    /// <summary>Values of 400,000 draws, times from A's start. The second set fails without conditioning: with D − e of an
    /// unconditioned D t=80 gives A .19 instead of .681, and q05 is 158.9 instead of 182.9.</summary>
    [TestCase(30, 60, "A .632 B .368")]
    [TestCase(30, 100, "A .016 B .453 C .532")]
    [TestCase(30, 200, "C .401 finished .599")]
    [TestCase(75, 80, "A .681 B .319")]
    [TestCase(75, 100, "A .057 B .929 C .014")]
    [TestCase(75, 200, "C .735 finished .265")]
    public void Should_say_how_probable_each_action_is(double confirmedAt, double now, string expected)
    {
        var estimate = Projection.At(Confirmed(confirmedAt), Make.At(now));
        var words = expected.Split(' ');
        var known = words.Chunk(2).ToDictionary(pair => pair[0], pair => double.Parse("0" + pair[1], System.Globalization.CultureInfo.InvariantCulture));
        foreach (var action in estimate.Actions)
        {
            Assert.That(action.Probability, Is.EqualTo(known.GetValueOrDefault(action.ActionId)).Within(0.01), action.ActionId);
        }
        Assert.That(estimate.Finished, Is.EqualTo(known.GetValueOrDefault("finished")).Within(0.01));
        Assert.That(estimate.Actions.Sum(action => action.Probability) + estimate.Finished, Is.EqualTo(1).Within(2e-4));
    }

    [TestCase(30, 120, 158.8, 194.0, 234.6, 330)]
    [TestCase(75, 155, 182.9, 212.6, 247.6, 330)]
    public void Should_say_when_all_is_over(double confirmedAt, double earliest, double q05, double q50, double q95, double latest)
    {
        var finish = Projection.At(Confirmed(confirmedAt), Make.At(100)).Finish;
        Assert.That((Seconds(finish.Earliest), Seconds(finish.Latest)), Is.EqualTo(((double?)earliest, (double?)latest)));
        Assert.That(Seconds(finish.Q05), Is.EqualTo(q05).Within(1));
        Assert.That(Seconds(finish.Q50), Is.EqualTo(q50).Within(1));
        Assert.That(Seconds(finish.Q95), Is.EqualTo(q95).Within(1));
    }

    // A .632 B .368 at 60; C and finished are about even at 194; all is over by 330 at the latest.
    [TestCase(30, 0.5, "A projected")]
    [TestCase(60, 0.5, "A projected")]
    [TestCase(60, 0.7, "? inconclusive")]
    [TestCase(100, 0.5, "C projected")]
    [TestCase(200, 0.5, "? inconclusive")]
    [TestCase(200, 0.3, "C projected")]
    [TestCase(330, 0.0, "? inconclusive")]
    [TestCase(100_000, 0.0, "? inconclusive")]
    public void Should_name_an_action_only_if_it_is_likely_enough_and_never_an_end(double now, double minProbability, string said)
    {
        var estimate = Projection.At(Confirmed(30), Make.At(now), minProbability);
        Assert.That(Said(estimate), Is.EqualTo(said));
        Assert.That(estimate.Actions[^1].Status, Is.Not.EqualTo(ActionStatus.Finished), "never finished");
    }

    [TestCase(329.9, "C")]
    [TestCase(330, null)]
    [TestCase(100_000, null)]
    public void Should_claim_nothing_from_the_latest_end_on(double now, string? likely)
    {
        var plan = Plan with { Actions = [.. Plan.Actions.Select(action => action with { Path = Make.Json("""{"type":"LineString","coordinates":[[0,0],[9,0]]}""") })] };
        var estimate = Projection.At(Confirmed(30) with { Plan = plan }, Make.At(now), 0);
        Assert.That(estimate.Finished, likely is null ? Is.Null : Is.InRange(0.99, 0.9999));
        Assert.That(estimate.Actions.Select(action => action.Probability), likely is null ? Has.All.Null : Has.All.Not.Null);
        Assert.That(estimate.Actions.Select(action => action.Status), Is.EqualTo(likely is null
            ? new[] { ActionStatus.Running, ActionStatus.Waiting, ActionStatus.Waiting } : [ActionStatus.Finished, ActionStatus.Finished, ActionStatus.Running]), "what evidence shows");
        Assert.That(estimate.Position is null, Is.EqualTo(likely is null));
        var atEvidence = Projection.At(Confirmed(30), Make.At(30)).Progress.Low;
        Assert.That(estimate.Progress, likely is null ? Is.EqualTo(new ProgressEstimate(atEvidence, atEvidence, 1)) : Has.Property("Low").InRange(0.99, 0.9999));
        Assert.That(estimate.Finish.Q95, Is.Not.Null, "when it would have ended stays");
    }

    [Test]
    public void Should_name_the_next_one_between_the_latest_end_before_and_its_own_earliest()
    {
        var narrow = Make.Contract(Make.Action("A", 40, 41, 42), Make.Action("B", 20, 21, 22), Make.Action("C"));
        var estimate = Projection.At(new(narrow, Running, Make.At(10)), Make.At(50));
        Assert.That(Said(estimate), Is.EqualTo("B projected"));
        Assert.That(estimate.Actions.Select(a => a.Status), Is.EqualTo([ActionStatus.Finished, ActionStatus.Running, ActionStatus.Waiting]));
    }

    [Test]
    public void Should_use_progress_as_far_as_the_pages_allow()
    {
        // With progress and elapsed time within [0, max - e]; with progress alone (1 - p) of the duration.
        var both = Projection.At(Confirmed(30) with { Progress = 0.5 }, Make.At(30)).Actions[0];
        Assert.That((Seconds(both.Earliest), Seconds(both.Latest)), Is.EqualTo(((double?)30, (double?)120)));
        var lost = Execution.None.Skip(new(1, 3)).Observe(new(Make.At(30), ExecutionStatus.Executing, 1, 1, new Dictionary<string, SnapshotAction> { ["A"] = new(ActionStatus.Running, 0.5) }));
        var alone = Projection.At(ProjectionBasis.From(Plan, lost, Make.T0), Make.At(30)).Actions[0];
        Assert.That((Seconds(alone.Earliest), Seconds(alone.Latest)), Is.EqualTo(((double?)50, (double?)90)));
    }

    [Test]
    public void Should_keep_the_action_and_make_no_claim_once_it_ran_longer_than_it_may()
    {
        var estimate = Projection.At(Confirmed(120), Make.At(500));
        Assert.That(Said(estimate), Is.EqualTo("A inconclusive"));
        Assert.That((estimate.Finish.Latest, estimate.Actions[0].Status), Is.EqualTo(((DateTimeOffset?)null, ActionStatus.Running)));
        Assert.That(estimate.Progress.Expected, Is.EqualTo(Plan.Actions[0].Duration.Mean / (Plan.Actions[0].Duration.Mean + Plan.Actions[1].Duration.Mean + Plan.Actions[2].Duration.Mean)).Within(1e-9));
    }

    [TestCase("paused")]
    [TestCase("fault")]
    public void Should_not_advance_a_device_that_stands(string entry)
    {
        var standing = Running.Apply(Make.Entry(3, entry, at: 30));
        var then = Projection.At(new(Plan, standing, Make.At(30)), Make.At(31));
        var later = Projection.At(new(Plan, standing, Make.At(30)), Make.At(10_000));
        Assert.That((Said(later), later.Actions[0].Probability), Is.EqualTo(("A projected", 1.0)));
        Assert.That(later.Progress, Is.EqualTo(then.Progress));
        Assert.That((later.Actions[0].Status, later.Finish.Earliest), Is.EqualTo((ActionStatus.Paused, (DateTimeOffset?)null)));
    }

    [Test]
    public void Should_name_the_action_that_failed()
    {
        var failed = Running.Apply(Make.Entry(3, "actionFailed", "A", at: 30));
        var estimate = Projection.At(new(Plan, failed, Make.At(30)), Make.At(10_000));
        Assert.That(Said(estimate), Is.EqualTo("A projected"));
        Assert.That(estimate.Actions.Select(action => (action.ActionId, action.Status, action.Probability)),
            Is.EqualTo([("A", ActionStatus.Failed, 1.0), ("B", ActionStatus.Waiting, 0), ("C", ActionStatus.Waiting, (double?)0)]));
        Assert.That((estimate.Progress, estimate.Finished), Is.EqualTo((new ProgressEstimate(0, 0, 0), 0.0)));
    }

    [Test]
    public void Should_name_what_stands_rather_than_an_older_failure()
    {
        var failed = Running.Apply(Make.Entry(3, "actionFailed", "A", at: 30));
        var retry = Plans.Retry(Plan, failed, RetryFrom.Remaining, 2);
        var again = failed.Fold([Make.Entry(4, "actionStarted", "A-r2", 40, 2), Make.Entry(5, "fault", at: 50, revision: 2)]);
        var estimate = Projection.At(new(retry, again, Make.At(50)), Make.At(10_000));
        Assert.That((Said(estimate), estimate.Actions[0].ActionId, estimate.Actions[0].Probability), Is.EqualTo(("A-r2 projected", "A-r2", 1.0)));
    }

    [Test]
    public void Should_start_anew_where_a_newer_plan_was_accepted_since()
    {
        var failed = Running.Apply(Make.Entry(3, "actionFailed", "A", at: 30));
        var retry = Plans.Retry(Plan, failed, RetryFrom.Remaining, 2);
        var basis = ProjectionBasis.From(retry, failed, Make.At(100));
        Assert.That(Said(Projection.At(basis, Make.At(101))), Is.EqualTo("A-r2 projected"));
        Assert.That(Seconds(Projection.At(basis, Make.At(101)).Finish.Earliest), Is.EqualTo(220));
    }

    [Test]
    public void Should_advance_nothing_past_the_end_of_the_lease()
    {
        var basis = Confirmed(30) with { LeaseEnd = Make.At(100) };
        var atEnd = Projection.At(basis, Make.At(100));
        var later = Projection.At(basis, Make.At(100_000));
        Assert.That(later.Progress, Is.EqualTo(atEnd.Progress));
        Assert.That(later.Actions.Select(a => (Seconds(a.Earliest), Seconds(a.Latest))), Is.EqualTo([((double?)40, (double?)null), (60, null), (null, null)]));
        Assert.That((later.Finish.Earliest, later.Finish.Latest), Is.EqualTo(((DateTimeOffset?)null, (DateTimeOffset?)null)));
    }

    [TestCase(25, "A projected", Description = "A cannot end before 40, the device stands from 35 on")]
    [TestCase(60, "? inconclusive", Description = "A may be finished within the stop time: .63 at 60, .36 at 70")]
    public void Should_allow_for_an_action_being_finished_while_the_device_stops(double leaseEnd, string said)
    {
        var estimate = Projection.At(Confirmed(20) with { LeaseEnd = Make.At(leaseEnd) }, Make.At(10_000));
        Assert.That(Said(estimate), Is.EqualTo(said));
        Assert.That(estimate.Actions[0].Status, Is.EqualTo(ActionStatus.Paused));
    }

    [Test]
    public void Should_leave_out_what_is_not_reached_before_the_lease_ends()
    {
        // q05 of all is 158.8, q50 194.
        var finish = Projection.At(Confirmed(30) with { LeaseEnd = Make.At(180) }, Make.At(31)).Finish;
        Assert.That((Seconds(finish.Earliest), finish.Q05 is null, finish.Q50, finish.Q95, finish.Latest),
            Is.EqualTo(((double?)120, false, (DateTimeOffset?)null, (DateTimeOffset?)null, (DateTimeOffset?)null)));
    }

    [Test]
    public void Should_advance_nothing_past_the_window()
    {
        var plan = Plan with { Scope = Plan.Scope with { NotAfter = Make.At(20) } };
        Assert.That(Said(Projection.At(new(plan, Running, Make.At(10)), Make.At(10_000))), Is.EqualTo("A projected"));
    }

    [Test]
    public void Should_wait_for_the_window_to_open()
    {
        var plan = Plan with { Scope = Plan.Scope with { NotBefore = Make.At(1000) } };
        var basis = new ProjectionBasis(plan, Make.Executed("accepted"), Make.T0);
        var waiting = Projection.At(basis, Make.At(999));
        Assert.That((Said(waiting), waiting.Actions[0].Status, waiting.Progress.High), Is.EqualTo(("A projected", ActionStatus.Waiting, 0.0)));
        Assert.That(Seconds(waiting.Finish.Earliest), Is.EqualTo(1120));
        Assert.That(Projection.At(basis, Make.At(1001)).Actions[0].Status, Is.EqualTo(ActionStatus.Running));
    }

    [Test]
    public void Should_wait_behind_another_contract_and_know_nothing_once_that_may_be_over()
    {
        var basis = new ProjectionBasis(Plan, Make.Executed("accepted"), Make.T0, FreeFrom: Make.At(200));
        var waiting = Projection.At(basis, Make.At(199));
        Assert.That((Said(waiting), waiting.Actions[0].Status, Seconds(waiting.Finish.Earliest), waiting.Finish.Latest),
            Is.EqualTo(("A projected", ActionStatus.Waiting, (double?)320, (DateTimeOffset?)null)));
        Assert.That(Said(Projection.At(basis, Make.At(200))), Is.EqualTo("? inconclusive"));
        Assert.That(Projection.At(basis, Make.At(300)).Progress is { Low: 0, Expected: 0, High: > 0 });
    }

    [Test]
    public void Should_make_no_claim_while_a_newer_revision_is_in_doubt() =>
        Assert.That(Said(Projection.At(Confirmed(30) with { RevisionInDoubt = true }, Make.At(31))), Is.EqualTo("? inconclusive"));

    [Test]
    public void Should_make_no_claim_of_an_action_of_the_devices_own()
    {
        var own = Execution.None.Fold([Make.Entry(1, "actionStarted", "charge", data: """{"actionType":"charge"}""")]);
        var estimate = Projection.At(new(Plan, own, Make.T0), Make.At(50));
        Assert.That((Said(estimate), Seconds(estimate.Finish.Earliest), estimate.Finish.Latest), Is.EqualTo(("charge inconclusive", (double?)120, (DateTimeOffset?)null)));
    }

    [Test]
    public void Should_start_from_the_newest_evidence_that_names_the_running_action()
    {
        var seen = Running.Observe(new(Make.At(20), ExecutionStatus.Executing, 1, 1, new Dictionary<string, SnapshotAction> { ["A"] = new(ActionStatus.Running, 0.3) }));
        Assert.That(ProjectionBasis.From(Plan, seen, Make.T0) is { Progress: 0.3 } snapshot && snapshot.EvidenceAt == Make.At(20));
        Assert.That(ProjectionBasis.From(Plan, seen, Make.T0, new("A", Make.At(25), 0.4)) is { Progress: 0.4 } sample && sample.EvidenceAt == Make.At(25));
        Assert.That(ProjectionBasis.From(Plan, seen, Make.T0, new("A", Make.At(15), 0.2)).Progress, Is.EqualTo(0.3), "older");
        Assert.That(ProjectionBasis.From(Plan, seen, Make.T0, new("B", Make.At(25), 0.4)).Progress, Is.EqualTo(0.3), "another action");
        Assert.That(ProjectionBasis.From(Plan, Execution.None, Make.At(7)).EvidenceAt, Is.EqualTo(Make.At(7)), "only an ack");
    }

    /// <summary>The law: whatever the durations are, the truth is inside the envelope.</summary>
    [Test]
    public void Should_never_exclude_the_truth() =>
        Gen.Select(
            Gen.Select(Gen.Int[1, 50], Gen.Int[0, 50], Gen.Int[0, 50], Gen.Double.Unit).Array[1, 6],
            Gen.Double.Unit, Gen.Double[0, 400], Gen.Double[0, 400], Gen.Bool)
        .Sample((actions, share, later, lease, leased) =>
        {
            var plan = Make.Contract([.. actions.Select((a, i) => Make.Action($"a{i}", a.Item1, a.Item1 + a.Item2, a.Item1 + a.Item2 + a.Item3))]);
            double[] takes = [.. actions.Select(a => a.Item1 + a.Item4 * (a.Item2 + a.Item3))];
            var ends = takes.Select((_, i) => takes[..(i + 1)].Sum()).ToArray();
            // Evidence somewhere in the run, the present later.
            var t0 = share * ends[^1] * 0.999;
            var now = t0 + later;
            var running = Array.FindIndex(ends, end => end > t0);
            var entries = Enumerable.Range(0, running).SelectMany(i => new[] { ("actionStarted", i, ends[i] - takes[i]), ("actionFinished", i, ends[i]) })
                .Append(("actionStarted", running, ends[running] - takes[running]));
            var execution = Execution.None.Fold(entries.Select((e, i) => Make.Entry(i + 1, e.Item1, $"a{e.Item2}", e.Item3)));
            var leaseEnd = t0 + lease;
            var estimate = Projection.At(new(plan, execution, Make.At(t0), LeaseEnd: leased ? Make.At(leaseEnd) : null), Make.At(now));

            var reach = leased && now > leaseEnd ? leaseEnd : now;
            // Outside the envelope nothing is claimed, and what is certain is true.
            var isOver = Seconds(estimate.Finish.Latest) <= reach;
            foreach (var (action, i) in estimate.Actions.Select((a, i) => (a, i)))
            {
                var begins = i == 0 ? 0 : Seconds(estimate.Actions[i - 1].Earliest) ?? 0;
                Assert.That(action.Probability, isOver ? Is.Null : begins > reach + 1e-3 || Seconds(action.Latest) < reach - 1e-3 ? Is.EqualTo(0) : Is.InRange(0, 1));
            }
            Assert.That(isOver ? 1 : estimate.Actions.Sum(a => a.Probability) + estimate.Finished, Is.EqualTo(1).Within(1e-3));
            foreach (var (action, i) in estimate.Actions.Select((a, i) => (a, running + i)))
            {
                Assert.That(action.ActionId, Is.EqualTo($"a{i}"));
                Assert.That(Seconds(action.Earliest) ?? 0, Is.LessThanOrEqualTo(ends[i] + 1e-3));
                Assert.That(Seconds(action.Latest) ?? double.MaxValue, Is.GreaterThanOrEqualTo(ends[i] - 1e-3));
            }
            // Progress by means of what is truly done lies between slowest and fastest.
            var means = plan.Actions.Select(a => a.Duration.Mean.TotalSeconds).ToArray();
            var done = means.Select((mean, i) => mean * Math.Clamp((reach - (ends[i] - takes[i])) / takes[i], 0, 1)).Sum() / means.Sum();
            var (low, expected, high) = (estimate.Progress.Low, estimate.Progress.Expected, estimate.Progress.High);
            Assert.That(low, Is.LessThanOrEqualTo(done + 1e-6));
            Assert.That(high, Is.GreaterThanOrEqualTo(done - 1e-6));
            Assert.That(expected, Is.InRange(low - 1e-9, high + 1e-9));
        }, iter: 5000);

    [Test]
    public void Should_be_sure_of_actions_without_any_width()
    {
        var plan = Make.Contract(Make.Action("A", 60, 60, 60), Make.Action("B", 30, 30, 30));
        var basis = new ProjectionBasis(plan, Running, Make.At(30));
        Assert.That(Projection.At(basis, Make.At(59)).Actions[0].Probability, Is.EqualTo(1));
        Assert.That(Projection.At(basis, Make.At(61)).Actions[1].Probability, Is.EqualTo(1));
        var finish = Projection.At(basis, Make.At(61)).Finish;
        Assert.That(new[] { finish.Earliest, finish.Q05, finish.Q50, finish.Q95, finish.Latest }.Select(Seconds), Has.All.EqualTo(90));
        Assert.That(Said(Projection.At(basis, Make.At(90))), Is.EqualTo("? inconclusive"));
    }

    [Test]
    public void Should_say_nothing_of_a_plan_of_which_nothing_is_left()
    {
        var done = Execution.None.Fold(Make.Journal("accepted +A -A +B -B +C -C"));
        var estimate = Projection.At(new(Plan, done, Make.At(10)), Make.At(20));
        Assert.That((Said(estimate), estimate.Actions.Count, estimate.Finished, estimate.Progress.Low), Is.EqualTo(("? inconclusive", 0, (double?)1, 1.0)));
        Assert.That(estimate.Finish, Is.EqualTo(new FinishEstimate(null, null, null, null, null)));
    }

    [Test]
    public void Should_cope_with_the_longest_plan()
    {
        var plan = Make.Contract([.. Enumerable.Range(0, 500).Select(i => Make.Action($"a{i}", 1 + i % 9, 10 + i % 40, 60 + i))]);
        var estimate = Projection.At(new(plan, Make.Executed("accepted"), Make.T0), Make.At(3000));
        Assert.That(estimate.Actions.Sum(action => action.Probability) + estimate.Finished, Is.EqualTo(1).Within(0.01), "rounded each");
        Assert.That(estimate.Actions.Select(action => action.Q50), Is.Ordered);
        Assert.That(estimate.Finish.Q05, Is.InRange(estimate.Finish.Earliest!, estimate.Finish.Latest!));
    }
}
