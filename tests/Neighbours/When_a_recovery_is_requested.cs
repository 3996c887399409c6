namespace ExecutionManager.Neighbours.Tests;

public sealed class When_a_recovery_is_requested
{
    [Test]
    public async Task Should_decide_on_the_bus()
    {
        await using var neighbours = await Neighbourhood.Start();
        var request = Requests.Recovery();

        var decided = await neighbours.Ask<RecoveryDecided>(request);

        Assert.That(decided, Is.EqualTo(new RecoveryDecided
        {
            ContractId = request.ContractId,
            RecoveryId = request.RecoveryId,
            Strategy = RecoveryStrategy.Retry,
            Delay = TimeSpan.FromSeconds(5),
            From = RetryFrom.Remaining,
            MayRepeat = false,
            Reason = "a failed action is worth a second try",
        }));
    }

    [Test]
    public void Should_let_the_first_matching_rule_decide()
    {
        const string table = """
            rules:
              - when: { failure: [stalled, actionFailed], taskType: deliver-pallet, certainty: projected }
                then: { strategy: abort }
              - when: { taskType: deliver-box }
                then: { strategy: abort }
              - when: { connected: false }
                then: { strategy: abort }
              - when: { attempt: [1, 4+] }
                then: { strategy: abort }
              - when: { taskType: [deliver-box, deliver-pallet], attempt: 1-3, certainty: confirmed, connected: true }
                then: { strategy: hold, until: PT1H }
              - then: { strategy: abort }
            """;
        var decided = Decide(Requests.Recovery() with { Earlier = [Earlier(FailureKind.ActionFailed, RecoveryStrategy.Retry)] }, table)!;

        Assert.That((decided.Strategy, decided.Until, decided.Reason),
            Is.EqualTo((RecoveryStrategy.Hold, (DateTimeOffset?)Requests.Now.AddHours(1), "the rule in line 10 of the table says so")));
    }

    [Test]
    public void Should_come_to_an_end_with_a_failure_that_always_returns([Values] FailureKind kind)
    {
        var request = Requests.Recovery(kind) with { AllowedStrategies = Enum.GetValues<RecoveryStrategy>() };
        var strategies = new List<RecoveryStrategy>();
        while (strategies is not [.., RecoveryStrategy.Escalate or RecoveryStrategy.Abort] && strategies.Count < 10)
        {
            var decided = Decide(request)!;
            strategies.Add(decided.Strategy);
            request = request with { RecoveryId = Guid.CreateVersion7(), Earlier = [.. request.Earlier, Earlier(kind, decided.Strategy, request.RecoveryId)] };
        }

        Assert.That(strategies, Has.Count.LessThan(10), string.Join(", ", strategies));
    }

    [TestCase(0, RecoveryStrategy.Retry)]
    [TestCase(1, RecoveryStrategy.Retry)]
    [TestCase(2, RecoveryStrategy.Escalate)]
    public void Should_count_how_often_the_contract_had_this_failure(int before, RecoveryStrategy strategy)
    {
        var others = Enumerable.Repeat(FailureKind.Stalled, 5).Select(kind => Earlier(kind, RecoveryStrategy.Retry));
        var same = Enumerable.Repeat(FailureKind.ActionFailed, before).Select(kind => Earlier(kind, RecoveryStrategy.Retry));
        var request = Requests.Recovery() with { AllowedStrategies = Enum.GetValues<RecoveryStrategy>(), Earlier = [.. others, .. same] };

        Assert.That(Decide(request)!.Strategy, Is.EqualTo(strategy));
    }

    [Test]
    public void Should_count_a_failure_once_that_was_escalated_and_then_decided_by_an_operator()
    {
        var one = Guid.CreateVersion7();
        var request = Requests.Recovery() with
        {
            Earlier = [Earlier(FailureKind.ActionFailed, RecoveryStrategy.Escalate, one), Earlier(FailureKind.ActionFailed, RecoveryStrategy.Retry, one)],
        };

        Assert.That(Decide(request)!.Strategy, Is.EqualTo(RecoveryStrategy.Retry));
    }

    [Test]
    public void Should_decide_alike_when_a_request_is_repeated()
    {
        var request = Requests.Recovery();

        Assert.That(Decide(request with { Attempt = 3 }), Is.EqualTo(Decide(request)));
    }

    [Test]
    public void Should_say_all_that_a_rule_gives()
    {
        const string table = """
            rules:
              - when: { failure: actionFailed }
                then: { strategy: escalate, severity: high }
              - then: { strategy: reassign, mayRepeat: true, excludeDevices: [agv-18, agv-19] }
            """;
        var request = Requests.Recovery() with { AllowedStrategies = Enum.GetValues<RecoveryStrategy>() };

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Decide(request, table), Has.Property("Severity").EqualTo("high").And.Property("ExcludeDevices").Null);
            Assert.That(Decide(request with { Failure = request.Failure with { Kind = FailureKind.Stalled } }, table),
                Has.Property("ExcludeDevices").EqualTo(new[] { "agv-18", "agv-19" }).And.Property("MayRepeat").True.And.Property("Severity").Null);
        }
    }

    [Test]
    public void Should_hold_when_no_rule_matches() =>
        Assert.That(Decide(Requests.Recovery(FailureKind.ScopeViolated))!.Strategy, Is.EqualTo(RecoveryStrategy.Hold));

    [TestCase("clean-aisle", RecoveryStrategy.Reassign)]
    [TestCase("deliver-pallet", RecoveryStrategy.Hold)]
    public void Should_reassign_by_the_example_only_what_does_no_harm_when_done_twice(string taskType, RecoveryStrategy strategy)
    {
        var request = Requests.Recovery(FailureKind.OfflineTooLong) with { AllowedStrategies = Enum.GetValues<RecoveryStrategy>() };

        Assert.That(Decide(request with { Contract = request.Contract with { Task = request.Contract.Task! with { Type = taskType } } })!.Strategy, Is.EqualTo(strategy));
    }

    [TestCase(FailureKind.AcceptTimeout, "deliver-pallet", RecoveryStrategy.Retry)]
    [TestCase(FailureKind.ReconciliationTimeout, "deliver-pallet", RecoveryStrategy.Hold)]
    [TestCase(FailureKind.OfflineTooLong, "deliver-pallet", RecoveryStrategy.Hold)]
    [TestCase(FailureKind.OfflineTooLong, "clean-aisle", RecoveryStrategy.Reassign)]
    public void Should_repeat_by_the_example_only_on_the_same_device_or_what_does_no_harm(FailureKind kind, string taskType, RecoveryStrategy strategy)
    {
        var request = Requests.Recovery(kind) with { AllowedStrategies = Enum.GetValues<RecoveryStrategy>(), Unconfirmed = ["a1", "a2", "a3"] };
        var decided = Decide(request with { Contract = request.Contract with { Task = request.Contract.Task! with { Type = taskType } } })!;

        Assert.That((decided.Strategy, decided.MayRepeat), Is.EqualTo((strategy, (bool?)(strategy is RecoveryStrategy.Retry or RecoveryStrategy.Reassign))));
    }

    [Test]
    public void Should_not_repeat_what_may_have_been_done_unless_the_rule_says_so()
    {
        var unconfirmed = Requests.Recovery() with { Unconfirmed = ["a2"] };
        const string table = "rules: [ { then: { strategy: retry, mayRepeat: true } } ]";

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Decide(unconfirmed)!.Strategy, Is.EqualTo(RecoveryStrategy.Hold));
            Assert.That(Decide(unconfirmed, table), Has.Property("Strategy").EqualTo(RecoveryStrategy.Retry).And.Property("MayRepeat").True);
        }
    }

    [Test]
    public void Should_never_decide_what_is_not_allowed([Values] FailureKind kind, [Values] RecoveryStrategy only)
    {
        var decided = Decide(Requests.Recovery(kind) with { AllowedStrategies = [only] });

        Assert.That(decided?.Strategy, Is.EqualTo(only).Or.Null);
    }

    [Test]
    public void Should_not_decide_again_what_was_refused()
    {
        var request = Requests.Recovery() with { Refused = new() { Strategy = RecoveryStrategy.Retry, Reason = "journal lost" } };

        Assert.That(Decide(request)!.Strategy, Is.EqualTo(RecoveryStrategy.Hold));
    }

    [Test]
    public void Should_stay_silent_when_nothing_is_left_to_decide() =>
        Assert.That(Decide(Requests.Recovery() with { AllowedStrategies = [] }), Is.Null);

    private static EarlierRecovery Earlier(FailureKind kind, RecoveryStrategy strategy, Guid? recoveryId = null) =>
        new() { RecoveryId = recoveryId ?? Guid.CreateVersion7(), Failure = kind, Strategy = strategy, At = Requests.Now };

    private static RecoveryDecided? Decide(RecoveryRequested request, string? table = null)
    {
        var faults = new YamlFaults("table");
        var rules = table is null
            ? new NeighbourSettings(Neighbourhood.Configuration(), "Policy").Rules("Rules")
            : PolicyRules.Read(new StringReader(table), faults);
        Assert.That(faults.All, Is.Empty);
        return (RecoveryDecided?)new PolicyService(rules, new(Fault.None, default)).Answer(request, Requests.Now);
    }
}
