using System.Text.Json;

namespace ExecutionManager.Domain.Tests;

public class When_a_contract_is_tried_again
{
    private static string Ids(Contract contract) => string.Join(' ', contract.Actions.Select(a => a.RetryOf is null ? a.ActionId : $"{a.ActionId}<{a.RetryOf}"));

    [TestCase("accepted +a1 -a1 +a2 !a2", "a2-r2<a2 a3")]
    [TestCase("accepted +a1 -a1 +a2", "a2 a3")]
    [TestCase("accepted +a1 -a1 +a2 paused", "a2 a3")]
    [TestCase("accepted +a1 ~a1", "a1-r2<a1 a2 a3")]
    [TestCase("accepted +a1 stopped", "a1-r2<a1 a2 a3")]
    [TestCase("accepted", "a1 a2 a3")]
    public void Should_never_use_an_action_id_for_a_second_execution(string journal, string ids) =>
        Assert.That(Ids(Plans.Retry(Make.Plan("a1", "a2", "a3"), Make.Executed(journal), RetryFrom.Remaining, 2)), Is.EqualTo(ids));

    [Test]
    public void Should_give_every_action_a_new_id_when_all_is_repeated()
    {
        var retried = Plans.Retry(Make.Plan("a1", "a2"), Make.Executed("accepted +a1 -a1"), RetryFrom.All, 2);
        Assert.That(Ids(retried), Is.EqualTo("a1-r2<a1 a2-r2<a2"));
        Assert.That((retried.Revision, retried.PlannedAtSeq), Is.EqualTo((2, 3L)));
    }

    [Test]
    public void Should_name_the_third_attempt_after_the_first()
    {
        var second = Plans.Retry(Make.Plan("a1"), Make.Executed("accepted +a1 !a1"), RetryFrom.Remaining, 2);
        var third = Plans.Retry(second, Make.Executed("accepted +a1 !a1 +a1-r2 !a1-r2"), RetryFrom.Remaining, 3);
        Assert.That(Ids(third), Is.EqualTo("a1-r3<a1-r2"));
    }

    [Test]
    public void Should_find_a_free_id_of_64_characters()
    {
        var longest = new string('a', 64);
        var plan = Make.Plan(longest, new string('a', 61) + "-r2");
        var ids = Plans.Retry(plan, Make.Executed($"accepted +{longest} !{longest}"), RetryFrom.Remaining, 2).Actions.Select(a => a.ActionId).ToArray();
        Assert.That(ids, Is.Unique.And.All.Length.EqualTo(64));
    }
}

public class When_a_plan_is_revised
{
    private static readonly Contract Current = Make.Plan("a1", "a2");

    private static ContractReading Read(string actions, string? scope = null) =>
        ContractDocument.ReadPlan(Current, Make.Json(actions), scope is null ? null : Make.Json(scope), 3, 7, Make.T0);

    private static readonly string Actions = ContractDocument.WriteActions(Current.Actions);

    [Test]
    public void Should_replace_the_plan_and_keep_the_rest()
    {
        var revised = Read(Actions, "null").Contract!;
        Assert.That((revised.Revision, revised.PlannedAtSeq, revised.DeviceId), Is.EqualTo((3, 7L, "agv-17")));
        Assert.That(ContractDocument.WriteActions(revised.Actions), Is.EqualTo(Actions));
    }

    [Test]
    public void Should_judge_it_like_a_request()
    {
        Assert.That(Read("[]").Errors.Keys, Is.EqualTo(["actions"]));
        Assert.That(Read("7").Errors.Keys, Is.EqualTo(["actions"]));
        Assert.That(Read("""[{"actionId":"a","actionType":"fly"}]""").Errors.Keys, Is.EquivalentTo(["actions[0].duration", "actions[0].actionType"]));
        Assert.That(Read(Actions, """{"actionTypes":["pick"],"offlineAllowance":"PT1M"}""").Errors.Keys, Is.EquivalentTo(["actions[0].actionType", "actions[1].actionType"]));
    }

    [Test]
    public void Should_judge_one_made_without_JSON_alike() =>
        Assert.That(ContractDocument.Check(Plans.Revise(Current, [Make.Action("a 1")], null, 2, 0), Make.T0).Keys, Is.EqualTo(["actions[0].actionId"]));
}

public class When_nobody_knows_how_far_an_action_came
{
    [Test]
    public void Should_list_what_remains_and_is_not_idempotent()
    {
        var plan = Make.Contract(Make.Action("a1"), Make.Action("a2"), Make.Action("a3", idempotent: true), Make.Action("a4"));
        string[] Unconfirmed(string journal, bool confirmed = false) => [.. Plans.Unconfirmed(Plans.Remaining(plan, Make.Executed(journal)), Make.Executed(journal), confirmed)];
        Assert.That(Unconfirmed("accepted +a1 -a1 +a2"), Is.EqualTo(["a2", "a4"]));
        Assert.That(Unconfirmed("accepted +a1 -a1 +a2", confirmed: true), Is.Empty);
        Assert.That(Unconfirmed("accepted +a1 ~a1 +a2 !a2"), Is.EqualTo(["a4"]), "the journal says how a1 and a2 ended");
    }
}
