namespace ExecutionManager.Domain.Tests;

public class When_something_is_waited_for
{
    private static readonly Contract Plan = Make.Plan("a1", "a2");

    [Test]
    public void Should_time_an_action_by_its_max_and_the_tolerance_without_pauses()
    {
        DateTimeOffset? DueAt(Contract plan, params JournalEntry[] more) => Waits.ActionDueAt(plan, Execution.None.Fold([Make.Entry(1, "actionStarted", "a1"), .. more]), Make.At(110));
        Assert.That(DueAt(Plan), Is.EqualTo(Make.At(150)));
        Assert.That(DueAt(Plan, Make.Entry(2, "paused", at: 20)), Is.Null);
        Assert.That(DueAt(Plan, Make.Entry(2, "paused", at: 20), Make.Entry(3, "resumed", at: 100)), Is.EqualTo(Make.At(230)));
        Assert.That(DueAt(Make.Plan("other")), Is.Null);
    }

    [TestCase(10, false)]
    [TestCase(10.1, true)]
    public void Should_not_believe_in_silence_that_nobody_listened_to(double overdue, bool isPutOff) =>
        Assert.That(Waits.CallsForCatchUp(Make.At(0), Make.At(overdue)), Is.EqualTo(isPutOff));
}
