using CsCheck;

namespace ExecutionManager.Domain.Tests;

public class When_a_projection_is_looked_back_at
{
    private static readonly Contract Plan = Make.Contract(Make.Action("A", 60, 60, 60), Make.Action("B", 30, 30, 30), Make.Action("C", 20, 20, 20));
    private static readonly Execution Lost = Execution.None.Fold([Make.Entry(1, "accepted"), Make.Entry(2, "actionStarted", "A")]);

    private static double Incorrect(Execution actual, double until, ProjectionBasis? basis = null) =>
        Hindsight.IncorrectFor(basis ?? new(Plan, Lost, Make.At(10)), actual, Make.At(10), Make.At(until))!.Value.TotalSeconds;

    [Test]
    public void Should_count_the_seconds_in_which_another_action_was_shown()
    {
        // Shown: A until 60, B until 90, C until 110, then the end.
        Assert.That(Incorrect(Lost.Fold([Make.Entry(3, "actionFinished", "A", 60), Make.Entry(4, "actionStarted", "B", 60)]), 90), Is.EqualTo(0));
        Assert.That(Incorrect(Lost.Fold([Make.Entry(3, "actionFinished", "A", 75), Make.Entry(4, "actionStarted", "B", 75)]), 90), Is.EqualTo(15));
        Assert.That(Incorrect(Lost.Fold([Make.Entry(3, "actionFinished", "A", 40), Make.Entry(4, "actionStarted", "B", 40)]), 90), Is.EqualTo(20));
        Assert.That(Incorrect(Lost, 200), Is.EqualTo(140), "A never ended");
        Assert.That(Incorrect(Lost.Fold([Make.Entry(3, "actionFinished", "A", 60), Make.Entry(4, "actionStarted", "own", 60), Make.Entry(5, "actionFinished", "own", 70), Make.Entry(6, "actionStarted", "B", 70)]), 90), Is.EqualTo(10), "an action of its own");
        Assert.That(Incorrect(Lost.Fold([Make.Entry(3, "actionFinished", "A", 60), Make.Entry(4, "actionStarted", "B", 65)]), 90), Is.EqualTo(0), "between two the next one counts");
        var done = Lost.Fold([Make.Entry(3, "actionFinished", "A", 60), Make.Entry(4, "actionStarted", "B", 60), Make.Entry(5, "actionFinished", "B", 90), Make.Entry(6, "actionStarted", "C", 90), Make.Entry(7, "actionFinished", "C", 110)]);
        Assert.That(Incorrect(done, 210), Is.EqualTo(0), "after the end neither shows any");
        Assert.That(Incorrect(Lost, 5), Is.EqualTo(0), "back before it was lost");
    }

    [Test]
    public void Should_count_nothing_beyond_what_was_claimed_to_stand()
    {
        var paused = Lost.Apply(Make.Entry(3, "paused", at: 10));
        Assert.That(Incorrect(paused, 100, new(Plan, paused, Make.At(10))), Is.EqualTo(0));
        Assert.That(Incorrect(paused.Fold([Make.Entry(4, "resumed", at: 20), Make.Entry(5, "actionFinished", "A", 50), Make.Entry(6, "actionStarted", "B", 50)]), 100, new(Plan, paused, Make.At(10))), Is.EqualTo(50));
    }

    [Test]
    public void Should_count_nothing_where_it_is_not_known_when_an_action_began_or_ended()
    {
        Execution Attested(ActionStatus status) => Snapshots.Attest(Plan, Lost, new(Make.At(80), ExecutionStatus.Executing, 1, 0, new Dictionary<string, SnapshotAction> { ["A"] = new(status) }, null));
        TimeSpan? Told(Execution actual) => Hindsight.IncorrectFor(new(Plan, Lost, Make.At(10)), actual, Make.At(10), Make.At(80));
        Assert.That(Told(Attested(ActionStatus.Finished)), Is.Null);
        Assert.That(Told(Attested(ActionStatus.Running)), Is.EqualTo(TimeSpan.FromSeconds(20)), "its start is known, and B was shown from 60 on");
    }

    /// <summary>The law: never negative, never longer than the period; zero where all went by the clock of the plan.</summary>
    [Test]
    public void Should_lie_within_the_period() =>
        Gen.Select(Gen.Double[1, 100], Gen.Double[1, 100], Gen.Double[0, 300]).Sample((a, b, until) =>
        {
            var actual = Lost.Fold([Make.Entry(3, "actionFinished", "A", 10 + a), Make.Entry(4, "actionStarted", "B", 10 + a), Make.Entry(5, "actionFinished", "B", 10 + a + b), Make.Entry(6, "actionStarted", "C", 10 + a + b)]);
            var incorrect = Incorrect(actual, 10 + until);
            Assert.That(incorrect, Is.InRange(0, until));
            var plan = Make.Contract(Make.Action("A", 10 + a, 10 + a, 10 + a), Make.Action("B", b, b, b), Make.Action("C", 500, 500, 500));
            Assert.That(Incorrect(actual, 10 + until, new(plan, Lost, Make.At(10))), Is.EqualTo(0).Within(0.02 * until));
        }, iter: 500);
}
