namespace ExecutionManager.Domain.Tests;

public class When_evidence_comes_in
{
    private static readonly Contract Plan = Make.Plan("a1", "a2");

    private static FoundFailure? Find(JournalEntry[] entries, bool stopDesired = false, Contract? plan = null, Execution? before = null) =>
        Failures.Find(before ?? Execution.None, entries, (before ?? Execution.None).Fold(entries), plan ?? Plan, stopDesired);

    [TestCase("accepted +a1 -a1", null)]
    [TestCase("accepted +a1 ~a1", null)]
    [TestCase("accepted +a1 !a1", FailureKind.ActionFailed)]
    [TestCase("accepted scopeViolated", FailureKind.ScopeViolated)]
    [TestCase("accepted fault", FailureKind.DeviceFault)]
    [TestCase("accepted stopped", FailureKind.DeviceFault)]
    [TestCase("accepted +a1 !a1 fault", FailureKind.ActionFailed, Description = "the first")]
    [TestCase("accepted fault completed", null, Description = "completed after all")]
    public void Should_find_the_failure(string journal, FailureKind? kind) => Assert.That(Find(Make.Journal(journal))?.Kind, Is.EqualTo(kind));

    [Test]
    public void Should_say_what_failed()
    {
        var found = Find([Make.Entry(1, "actionStarted", "a1"), Make.Entry(2, "actionFailed", "a1", at: 5, data: """{"reasonCode":"blocked","detail":"pallet in the way"}""")]);
        Assert.That(found, Is.EqualTo(new FoundFailure(FailureKind.ActionFailed, "a1", "the action failed: blocked: pallet in the way", 2, Make.At(5))));
    }

    [Test]
    public void Should_take_standing_still_for_obedience_once_a_stop_is_desired() =>
        Assert.That(Find(Make.Journal("accepted stopped"), stopDesired: true), Is.Null);

    [Test]
    public void Should_forget_what_a_newer_revision_already_remedies()
    {
        JournalEntry[] remedied = [.. Make.Journal("accepted +a1 !a1"), .. Make.Journal("accepted +a2", revision: 2, after: 3)];
        Assert.That(Find(remedied), Is.Null);
        Assert.That(Find([.. remedied, Make.Entry(6, "actionFailed", "a2", revision: 2)])?.Seq, Is.EqualTo(6));
    }

    [Test]
    public void Should_find_an_action_type_outside_the_scope()
    {
        Assert.That(Find([Make.Entry(1, "actionStarted", "x", data: """{"actionType":"weld"}""")])?.Kind, Is.EqualTo(FailureKind.ScopeViolated));
        Assert.That(Find([Make.Entry(1, "actionStarted", "x", data: """{"actionType":"pick"}""")]), Is.Null);
        Assert.That(Find([Make.Entry(1, "actionStarted", "x")]), Is.Null, "of an unknown type nothing is known");
    }

    [Test]
    public void Should_find_a_position_outside_the_area_once()
    {
        var fenced = Plan with { Scope = Plan.Scope with { Area = Make.Json("""{"type":"Polygon","coordinates":[[[0,0],[40,0],[40,30],[0,30],[0,0]]]}""") } };
        Execution At(Execution before, double x, double y) => before.Observe(new(Make.At(9), ExecutionStatus.Executing, 1, 1, new Dictionary<string, SnapshotAction>(), [x, y]));
        var outside = At(Execution.None, 41, 0);
        Assert.That(Failures.Find(Execution.None, [], outside, fenced, false)?.Kind, Is.EqualTo(FailureKind.ScopeViolated));
        Assert.That(Failures.Find(outside, [], outside, fenced, false), Is.Null, "known");
        Assert.That(Failures.Find(Execution.None, [], At(Execution.None, 40, 0), fenced, false), Is.Null, "on the border");
        Assert.That(Failures.Find(Execution.None, [], outside, Plan, false), Is.Null, "no area");
    }

    [Test]
    public void Should_know_what_is_concluded_from_silence_alone() =>
        Assert.That(Enum.GetValues<FailureKind>().Where(Failures.FromSilence), Is.EqualTo(
            [FailureKind.DeviceUnreachable, FailureKind.AcceptTimeout, FailureKind.OfflineTooLong, FailureKind.ReconciliationTimeout]));

    [Test]
    public void Should_name_things_as_the_wire_does()
    {
        Assert.That(Make.Stored(FailureKind.OfflineTooLong), Is.EqualTo("\"offlineTooLong\""));
        Assert.That(CamelCase<FailureKind>.Read("offlineTooLong"), Is.EqualTo(FailureKind.OfflineTooLong));
        Assert.That(new[] { "OfflineTooLong", "10", "", null, "x" }.Select(CamelCase<FailureKind>.Read), Is.All.Null);
    }
}

public class When_a_decision_is_guarded
{
    private static string? Refuse(RecoveryStrategy strategy, bool mayRepeat = false, params string[] unconfirmed) =>
        Decisions.Refuse(strategy, mayRepeat, new DecisionGrounds(unconfirmed));

    [Test]
    public void Should_repeat_unconfirmed_actions_only_if_told_so()
    {
        Assert.That(Refuse(RecoveryStrategy.Retry, false, "a2"), Does.Contain("a2").And.Contain("mayRepeat"));
        Assert.That(Refuse(RecoveryStrategy.Reassign, false, "a2"), Does.Contain("mayRepeat"));
        Assert.That(Refuse(RecoveryStrategy.Retry, true, "a2"), Is.Null);
        Assert.That(Refuse(RecoveryStrategy.Hold, false, "a2"), Is.Null);
    }

    [Test]
    public void Should_refuse_what_cannot_be_done()
    {
        static RecoveryStrategy[] Allowed(DecisionGrounds grounds) => [.. Decisions.Allowed(grounds)];
        var (retry, reassign, escalate, hold, abort) = (RecoveryStrategy.Retry, RecoveryStrategy.Reassign, RecoveryStrategy.Escalate, RecoveryStrategy.Hold, RecoveryStrategy.Abort);
        Assert.Multiple(() =>
        {
            Assert.That(Allowed(new(["a2"])), Is.EqualTo([retry, reassign, escalate, hold, abort]), "mayRepeat is the decision's to say");
            Assert.That(Allowed(new([], IsJournalLost: true)), Is.EqualTo([reassign, escalate, hold, abort]));
            Assert.That(Allowed(new([], IsWindowOver: true)), Is.EqualTo([reassign, escalate, hold, abort]));
            Assert.That(Allowed(new([], IsNothingLeft: true)), Is.EqualTo([escalate, hold, abort]));
            Assert.That(Allowed(new([], IsEscalated: true)), Is.EqualTo([retry, reassign, hold, abort]));
            Assert.That(Allowed(new([], IsEscalated: true, IsStopped: true)), Is.EqualTo([reassign, abort]), "a stop cannot be taken back");
        });
    }
}
