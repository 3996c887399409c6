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
        Assert.That(Divergences.CallsForReplan(skipped, null), Is.True);
        Assert.That(Divergences.CallsForReplan(skipped, Judge("accepted +a1")), Is.True);
        Assert.That(Divergences.CallsForReplan(Judge("accepted +a1 -a1 +a3 -a3"), skipped), Is.False, "kept, and nothing came on top");
        Assert.That(Divergences.CallsForReplan(Judge("accepted +a1 -a1 +a3 -a3 +x"), skipped), Is.True);
        Assert.That(Divergences.CallsForReplan(Judge("accepted +a1"), null), Is.False);
        var lost = Judge(Make.Executed("accepted +a1").Skip(new(3, 5)));
        Assert.That(Divergences.CallsForReplan(lost, skipped), Is.True);
        Assert.That(Divergences.CallsForReplan(lost, lost), Is.False);
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
