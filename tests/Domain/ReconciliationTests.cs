using CsCheck;

namespace ExecutionManager.Domain.Tests;

public class When_what_was_executed_is_aligned_with_the_plan
{
    private static FlowStep[] Steps(string ids) => [.. ids.Select(id => new FlowStep(id.ToString(), char.IsUpper(id)))];

    [TestCase("", "abc", false, 1.0, 0.0, "", "")]
    [TestCase("ab", "abc", false, 1.0, 0.0, "", "", Description = "a prefix is as planned")]
    [TestCase("ab", "abc", true, 0.8, 1.0, "c", "")]
    [TestCase("ac", "abc", false, 0.5, 1.0, "b", "")]
    [TestCase("aC", "abC", false, 1 - 0.5 / 1.5, 0.5, "", "C", Description = "an idempotent extra is cheaper than the skip")]
    [TestCase("axb", "abc", false, 1 - 1 / 3.0, 1.0, "", "x")]
    [TestCase("aBc", "aBc", true, 1.0, 0.0, "", "")]
    [TestCase("", "a", true, 0.0, 1.0, "a", "")]
    [TestCase("", "", true, 1.0, 0.0, "", "")]
    public void Should_cost_a_skip_or_an_extra_one_and_an_idempotent_one_half(
        string executed, string plan, bool completed, double fitness, double cost, string skipped, string extra)
    {
        var result = Alignment.Align(Steps(executed), Steps(plan), completed);
        Assert.That((result.Cost, string.Concat(result.Skipped), string.Concat(result.Extra)), Is.EqualTo((cost, skipped, extra)));
        Assert.That(result.Fitness, Is.EqualTo(fitness).Within(1e-12));
    }

    /// <summary>All traces up to length 6 over 4 labels, against every way of crossing out.</summary>
    [TestCase("abC")]
    [TestCase("aBca")]
    [TestCase("")]
    [TestCase("abcDab")]
    public void Should_be_the_best_there_is_for_every_trace(string plan)
    {
        var planned = Steps(plan);
        foreach (var length in Enumerable.Range(0, 7))
        {
            for (var number = 0; number < Math.Pow(4, length); number++)
            {
                var executed = Steps(string.Concat(Enumerable.Range(0, length).Select(digit => "abCD"[(number >> (2 * digit)) & 3])));
                foreach (var completed in new[] { false, true })
                {
                    var best = (completed ? [planned.Length] : Enumerable.Range(0, planned.Length + 1)).Min(prefix => Cheapest(executed, planned[..prefix]));
                    if (Alignment.Align(executed, planned, completed).Cost is var cost && cost != best)
                    {
                        Assert.Fail($"{string.Concat(executed.Select(step => step.ActionId))} against {plan}: {cost}, not {best}");
                    }
                }
            }
        }
    }

    [Test]
    public void Should_be_the_best_there_is() =>
        Gen.Select(Gen.Char["abCDe"].Array[0, 6], Gen.Char["abCDe"].Array[0, 6], Gen.Bool).Sample((executed, plan, completed) =>
        {
            var (done, planned) = (Steps(new(executed)), Steps(new(plan)));
            var result = Alignment.Align(done, planned, completed);
            var best = (completed ? [planned.Length] : Enumerable.Range(0, planned.Length + 1)).Min(length => Cheapest(done, planned[..length]));
            Assert.That(result.Cost, Is.EqualTo(best));
            Assert.That(result.Fitness, Is.InRange(0, 1));
        }, iter: 5000);

    /// <summary>Every way of crossing out, tried.</summary>
    private static double Cheapest(ReadOnlySpan<FlowStep> executed, ReadOnlySpan<FlowStep> plan)
    {
        if (executed.IsEmpty && plan.IsEmpty)
        {
            return 0;
        }
        var best = double.MaxValue;
        if (!executed.IsEmpty)
        {
            best = Math.Min(best, Cheapest(executed[1..], plan) + (executed[0].Idempotent ? 0.5 : 1));
        }
        if (!plan.IsEmpty)
        {
            best = Math.Min(best, Cheapest(executed, plan[1..]) + (plan[0].Idempotent ? 0.5 : 1));
        }
        if (!executed.IsEmpty && !plan.IsEmpty && executed[0].ActionId == plan[0].ActionId)
        {
            best = Math.Min(best, Cheapest(executed[1..], plan[1..]));
        }
        return best;
    }
}

public class When_actuals_are_judged
{
    private static readonly Contract Plan = Make.Plan("a1", "a2", "a3") with { Data = [new("map", "x", new string('a', 64), null)] };

    private static Divergence Judge(string journal, Contract? plan = null, bool completed = false) => Judge(Make.Executed(journal), plan, completed);

    private static Divergence Judge(Execution execution, Contract? plan = null, bool completed = false) =>
        Divergences.Judge(plan ?? Plan, execution, null, null, completed, Make.T0);

    [TestCase("accepted", DivergenceLevel.Consistent, null, "as planned")]
    [TestCase("accepted +a1 -a1 +a2", DivergenceLevel.Consistent, null, "as planned")]
    [TestCase("accepted +a1 !a1", DivergenceLevel.Consistent, null, "as planned")]
    [TestCase("accepted +a1 -a1 +a3 -a3", DivergenceLevel.Major, "flow", "a2 was skipped")]
    [TestCase("accepted +a1 -a1 +x -x +a2", DivergenceLevel.Major, "flow", "x was done besides the plan")]
    [TestCase("accepted +a1 -a1 +x ~x +a2", DivergenceLevel.Consistent, null, "as planned", Description = "stopped is not executed")]
    public void Should_say_how_far_apart_they_are(string journal, DivergenceLevel level, string? dominant, string summary)
    {
        var divergence = Judge(journal);
        Assert.That((divergence.Level, divergence.Dominant, divergence.Summary), Is.EqualTo((level, dominant, summary)));
        Assert.That((divergence.Time.Value, divergence.Space.Value), Is.EqualTo(((double?)null, (double?)null)));
        Assert.That((divergence.Time.Why, divergence.Space.Why), Is.EqualTo(("there was no projection", "there was no projection")));
    }

    [Test]
    public void Should_count_the_whole_plan_once_completed() =>
        Assert.That(Judge("accepted +a1 -a1 +a2 -a2 completed", completed: true).Flow.Skipped, Is.EqualTo(["a3"]));

    [Test]
    public void Should_be_minor_within_the_tolerance()
    {
        var lenient = Plan with { Tolerance = Tolerance.Default with { MinFitness = 0.5 } };
        Assert.That(Judge("accepted +a1 -a1 +a3 -a3", lenient).Level, Is.EqualTo(DivergenceLevel.Minor));
        Assert.That(Judge("accepted +a3 -a3 +a1", lenient).Level, Is.EqualTo(DivergenceLevel.Minor), "exactly at it");
        Assert.That(Judge("accepted +x -x +y -y +a1", lenient).Level, Is.EqualTo(DivergenceLevel.Major));
    }

    [Test]
    public void Should_judge_only_what_was_executed_under_the_revision_in_force()
    {
        // The new plan was made before a2 was finished: the device skips it, and nothing diverges.
        var execution = Make.Executed("accepted +a1 -a1 +a2 -a2").Fold(Make.Journal("accepted +a3", revision: 2, after: 5));
        Assert.That(Judge(execution, Make.Plan("a2", "a3", "a4") with { Revision = 2 }).Level, Is.EqualTo(DivergenceLevel.Consistent));
        // What runs on under the new plan belongs to it.
        var goingOn = Make.Executed("accepted +a1").Fold(Make.Journal("accepted -a1 +a2", revision: 2, after: 2));
        Assert.That(Judge(goingOn, Make.Plan("a1", "a2") with { Revision = 2 }).Level, Is.EqualTo(DivergenceLevel.Consistent));
    }

    [Test]
    public void Should_find_that_other_data_was_used()
    {
        Divergence Using(string hash) => Judge(Execution.None.Apply(Make.Entry(1, "actionStarted", "a1", data: """{"used":{"map":"HASH","other":"00"}}""".Replace("HASH", hash))));
        Assert.That(Using(new string('A', 64)).Data.Value, Is.EqualTo(0));
        var divergence = Using(new string('b', 64));
        Assert.That((divergence.Level, divergence.Dominant, divergence.Summary), Is.EqualTo((DivergenceLevel.Major, "data", "a1 used other data as map")));
    }

    [Test]
    public void Should_be_undetermined_while_entries_of_this_revision_are_lost()
    {
        var lost = Make.Executed("accepted +a1").Skip(new(3, 5));
        var divergence = Judge(lost);
        Assert.That((divergence.Level, divergence.Dominant, divergence.Flow.Value, divergence.Flow.Why),
            Is.EqualTo((DivergenceLevel.Undetermined, "flow", (double?)null, "journal entries 3 to 5 are lost")));
        Assert.That(divergence.Lost, Is.EqualTo([new SeqRange(3, 5)]));
        var replanned = lost.Fold(Make.Journal("accepted +a2", revision: 2, after: 5));
        Assert.That(Judge(replanned, Make.Plan("a2") with { Revision = 2 }).Level, Is.EqualTo(DivergenceLevel.Consistent));
    }

    [Test]
    public void Should_call_for_a_new_plan_only_by_what_is_new()
    {
        var skipped = Judge("accepted +a1 -a1 +a3");
        Assert.That(Divergences.CallsForReplan(Plan, skipped, null), Is.EqualTo(ReplanCause.Divergence));
        Assert.That(Divergences.CallsForReplan(Plan, skipped, Judge("accepted +a1")), Is.EqualTo(ReplanCause.Divergence));
        Assert.That(Divergences.CallsForReplan(Plan, Judge("accepted +a1 -a1 +a3 -a3"), skipped), Is.Null, "kept, and nothing came on top");
        Assert.That(Divergences.CallsForReplan(Plan, Judge("accepted +a1 -a1 +a3 -a3 +x"), skipped), Is.EqualTo(ReplanCause.Divergence));
        Assert.That(Divergences.CallsForReplan(Plan, Judge("accepted +a1"), null), Is.Null);
        var lost = Judge(Make.Executed("accepted +a1").Skip(new(3, 5)));
        Assert.That(Divergences.CallsForReplan(Plan, lost, skipped), Is.EqualTo(ReplanCause.Divergence));
        Assert.That(Divergences.CallsForReplan(Plan, lost, lost), Is.Null);
    }

    /// <summary>Offline since A was seen at 30 s; B ends where the test says, the projected band of it is 76 to 128.3 s.</summary>
    private static Divergence Returned(double endOfB, Tolerance? tolerance = null, double[]? position = null, string? path = null, bool clamped = false)
    {
        PlannedAction Drive(string id, double min, double mode, double max) =>
            Make.Action(id, min, mode, max) with { Path = path is null ? null : Make.Json($$"""{"type":"LineString","coordinates":{{path}}}""") };
        var plan = Make.Contract(Drive("A", 40, 60, 120), Drive("B", 20, 30, 60), Drive("C", 60, 90, 150)) with { Tolerance = tolerance ?? Tolerance.Default };
        var lost = Execution.None.Fold([Make.Entry(1, "accepted"), Make.Entry(2, "actionStarted", "A")]);
        var back = lost.Fold([Make.Entry(3, "actionFinished", "A", 60), Make.Entry(4, "actionStarted", "B", 60), Make.Entry(5, "actionFinished", "B", endOfB), Make.Entry(6, "actionStarted", "C", endOfB)]);
        var basis = new ProjectionBasis(plan, lost, Make.At(30));
        return Divergences.Judge(
            plan, back with { Clamped = clamped }, Projection.At(basis, Make.At(endOfB + 30)),
            new(Make.At(endOfB + 30), ExecutionStatus.Executing, 1, 1, new Dictionary<string, SnapshotAction>(), position), false, Make.At(endOfB + 40));
    }

    [TestCase(100, DivergenceLevel.Consistent, 0, "as planned")]
    [TestCase(66, DivergenceLevel.Minor, 0.19, "B ended 10 s before the expected band")]
    [TestCase(130, DivergenceLevel.Minor, 0.03, "B ended 1.7 s after the expected band")]
    [TestCase(160, DivergenceLevel.Major, 0.61, "B ended 31.7 s after the expected band")]
    [TestCase(400, DivergenceLevel.Major, 1, "B ended 4 min 31 s after the expected band")]
    public void Should_say_which_action_ended_how_far_outside_its_band(double endOfB, DivergenceLevel level, double value, string summary)
    {
        var divergence = Returned(endOfB);
        Assert.That((divergence.Level, divergence.Summary), Is.EqualTo((level, summary)));
        Assert.That(divergence.Time.Value, Is.EqualTo(value).Within(0.01));
        Assert.That((divergence.Dominant, divergence.Time.Action), Is.EqualTo(value > 0 ? ("time", "B") : (null, null)));
        Assert.That((divergence.EndsInside, divergence.EndsOutside), Is.EqualTo(value > 0 ? (1, 1) : (2, 0)));
    }

    [Test]
    public void Should_tolerate_what_the_contract_tolerates()
    {
        Assert.That(Returned(160, Tolerance.Default with { Schedule = Make.Seconds(60) }).Level, Is.EqualTo(DivergenceLevel.Minor));
        Assert.That(Returned(130, Tolerance.Default with { Schedule = Make.Seconds(1) }).Level, Is.EqualTo(DivergenceLevel.Major));
        Assert.That(Returned(130, clamped: true) is { Time: { Value: null, Why: "the device's clock was corrected" }, EndsInside: 0, EndsOutside: 0, Level: DivergenceLevel.Consistent });
    }

    // A, B and C each drive the same 100 m; the device is far off.
    [TestCase(2, DivergenceLevel.Minor, 0.5)]
    [TestCase(0.5, DivergenceLevel.Major, 1)]
    [TestCase(0, DivergenceLevel.Major, 1)]
    public void Should_say_how_far_the_device_was_outside_its_region(double tolerated, DivergenceLevel level, double value)
    {
        const string path = "[[0,0],[100,0]]";
        Assert.That(Returned(100, position: [50, 0], path: path) is { Level: DivergenceLevel.Consistent, Space.Value: 0 });
        var beyond = Returned(100, position: [50, 1000], path: path).Space.Beyond;
        Assert.That(beyond, Is.InRange(1000 - 100, 1000));
        var judged = Returned(100, Tolerance.Default with { Position = tolerated * beyond }, [50, 1000], path);
        Assert.That((judged.Level, judged.Dominant), Is.EqualTo((level, "space")));
        Assert.That(judged.Space.Value, Is.EqualTo(value).Within(1e-9));
        Assert.That(judged.Summary, Does.Match(@"^the device was [0-9.]+ m outside the expected region$"));
    }

    [Test]
    public void Should_say_why_time_and_space_cannot_be_taken()
    {
        Assert.That(Returned(100).Space.Why, Is.EqualTo("no position"));
        Assert.That(Returned(100, position: [1, 1]).Space.Why, Is.EqualTo("no path"));
        var refuted = Projection.At(new(Plan, Make.Executed("accepted +a1"), Make.At(500)), Make.At(600));
        Assert.That(Divergences.Judge(Plan, Make.Executed("accepted +a1 -a1"), refuted, null, false, Make.At(700)).Time.Why, Is.EqualTo("the projection has no quantiles"));
    }

    [Test]
    public void Should_call_for_a_new_plan_when_the_window_is_at_risk_until_that_is_settled()
    {
        Divergence Chance(double? inTime, bool completed = false) => Divergences.Judge(Plan, Make.Executed("accepted +a1"), null, null, completed, Make.T0, inTime);
        Assert.That(Divergences.CallsForReplan(Plan, Chance(0.49), null), Is.EqualTo(ReplanCause.WindowAtRisk));
        Assert.That(Divergences.CallsForReplan(Plan, Chance(0.5), null), Is.Null);
        Assert.That(Divergences.CallsForReplan(Plan, Chance(null), null), Is.Null);
        Assert.That(Chance(0.1, completed: true).WindowAtRisk, Is.False);
        Assert.That(Divergences.CallsForReplan(Plan, Chance(0.2), Chance(0.4)), Is.Null, "kept knowing it");
        Assert.That(Chance(0.2).Summary, Is.EqualTo("it will rather not be done before its window ends"));
    }

    [Test]
    public void Should_call_for_a_new_plan_by_a_later_period_that_was_too_late_as_well()
    {
        var late = Returned(160);
        var plan = Make.Contract(Make.Action("A"));
        Assert.That(Divergences.CallsForReplan(plan, late, null), Is.EqualTo(ReplanCause.Divergence));
        Assert.That(Divergences.CallsForReplan(plan, late, late), Is.Null, "kept");
        Assert.That(Divergences.CallsForReplan(plan, late with { At = late.At + Make.Seconds(1) }, late), Is.EqualTo(ReplanCause.Divergence));
    }

    [Test]
    public void Should_know_whether_it_will_be_done_in_time()
    {
        var plan = Make.Contract(Make.Action("A", 60, 60, 60)) with { Scope = Make.Plan("A").Scope with { NotAfter = Make.At(100) } };
        ProjectionBasis Basis(string journal, double at) => new(plan, Make.Executed(journal), Make.At(at), LeaseEnd: Make.At(1));
        Assert.That(Projection.InTime(Basis("accepted", 39), Make.At(39)), Is.EqualTo(1), "with leave to go on");
        Assert.That(Projection.InTime(Basis("accepted", 41), Make.At(41)), Is.EqualTo(0));
        Assert.That(Projection.InTime(Basis("accepted +A paused", 2), Make.At(50)), Is.EqualTo(0), "paused, goes on now");
        Assert.That(Projection.InTime(Basis("accepted +A paused", 2), Make.At(30)), Is.EqualTo(1));
        Assert.That(Projection.InTime(Basis("accepted +A !A", 2), Make.At(30)), Is.Null, "failed");
        Assert.That(Projection.InTime(Basis("accepted", 0) with { Plan = Plan }, Make.At(30)), Is.Null, "no window");
    }

    [Test]
    public void Should_come_back_from_its_row_as_it_was()
    {
        var divergence = Judge(Make.Executed("accepted +a1").Skip(new(3, 5)));
        Assert.That(Make.Stored(Make.Reloaded(divergence)), Is.EqualTo(Make.Stored(divergence)));
        var frozen = Projection.At(new(Plan, Make.Executed("accepted +a1"), Make.T0), Make.At(5));
        Assert.That(Make.Stored(Make.Reloaded(frozen)), Is.EqualTo(Make.Stored(frozen)));
    }
}
