using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using FailureKind = ExecutionManager.Contracts.Messages.FailureKind;
using Intent = ExecutionManager.Contracts.Messages.Intent;
using RecoveryStrategy = ExecutionManager.Contracts.Messages.RecoveryStrategy;
using ExecutionStatus = ExecutionManager.Contracts.Messages.ExecutionStatus;

namespace ExecutionManager.Sagas.Tests;

/// <summary>What is not known when something fails, and what was found before or beside it: nothing of it is forgotten.</summary>
public sealed class When_failures_meet
{
    private readonly Guid contractId = Guid.NewGuid();

    [TestCase("Live", "Deadline Actuals", FailureKind.ReconciliationTimeout, "a1, a2")]
    [TestCase("Pushing", "Deadline Accept", FailureKind.AcceptTimeout, "a1, a2")]
    [TestCase("Live, entries lost", "Outside", FailureKind.ScopeViolated, "a1, a2")]
    [TestCase("Live, entries lost, seen since", "Outside", FailureKind.ScopeViolated, "")]
    [TestCase("Live", "Outside", FailureKind.ScopeViolated, "")]
    public async Task Should_call_no_action_confirmed_of_which_the_device_has_not_spoken(string situation, string found, FailureKind kind, string unconfirmed)
    {
        await using var bench = await Start(situation.Split(',')[0], saga =>
        {
            var lost = situation.Contains("lost", StringComparison.Ordinal);
            saga.Execution = lost ? saga.Execution.Skip(new(3, 4)) : saga.Execution;
            saga.Open = saga.Open with { Attempts = 99, Actuals = found == "Outside" ? null : saga.Open.Actuals, Snapshot = situation.Contains("seen", StringComparison.Ordinal) ? new(Given.Epoch, 4, Seen("a1")) : null };
        });
        await Say(bench, found);
        var asked = bench.Harness.Published.Select<RecoveryRequested>().Single().Context.Message;
        Assert.That((asked.Failure.Kind, string.Join(", ", asked.Unconfirmed)), Is.EqualTo((kind, unconfirmed)));

        await bench.Handle(new RecoveryDecided { ContractId = contractId, RecoveryId = asked.RecoveryId, Strategy = RecoveryStrategy.Reassign, Reason = "rule 1" });
        Assert.That(Saga(bench).CurrentState, Is.EqualTo(unconfirmed.Length > 0 ? "Recovering" : "Stopping"), "nobody said that they may be repeated");
    }

    [Test]
    public async Task Should_take_them_for_confirmed_again_when_the_actuals_come_after_all([Values("Held", "Escalated")] string state)
    {
        await using var bench = await Start(state, saga => saga.Open = saga.Open with { GivenUp = new OpenActuals(Given.Epoch, null, true, true, Given.ReportId) });
        var plan = Given.Plan(contractId);
        Assert.That(Grounds.Of(Saga(bench), plan, Given.Now).Unconfirmed, Is.EqualTo(new[] { "a1", "a2" }));
        await Say(bench, "Reported through the tail, with snapshot");
        Assert.That((Saga(bench).CurrentState, Grounds.Of(Saga(bench), plan, Given.Now).Unconfirmed.Count), Is.EqualTo((state, 0)));
        Assert.That(bench.Sent(contractId), Does.Contain(nameof(ContractReconciled)), "the report is stored");
    }

    [Test]
    public async Task Should_keep_what_waited_for_the_actuals_when_a_silence_becomes_a_failure_first()
    {
        await using var bench = await Start("Projected", Faulty);
        await Say(bench, "Deadline OfflineUntil");
        Assert.That(Failures(bench), Is.EqualTo(new[] { FailureKind.OfflineTooLong, FailureKind.DeviceFault }));
        Assert.That((Saga(bench).CurrentState, Saga(bench).Intent), Is.EqualTo(("Recovering", Intent.Hold)), "it must not go on");

        await Return(bench);
        Assert.That(Failures(bench), Is.EqualTo(new[] { FailureKind.DeviceFault }), "the silence is withdrawn, the fault is not");
        Assert.That(bench.Harness.Published.Select<RecoveryRequested>().Select(one => one.Context.Message.Failure.Kind), Is.EqualTo(new[] { FailureKind.OfflineTooLong, FailureKind.DeviceFault }));
    }

    [Test]
    public async Task Should_show_a_person_what_waited_for_the_actuals()
    {
        await using var bench = await Start("Projected", Faulty);
        await Say(bench, "OtherReported duplicate");
        Assert.That(Saga(bench).CurrentState, Is.EqualTo("Escalated"));
        Assert.That(Failures(bench), Has.Count.EqualTo(2));
        Assert.That(Saga(bench).Open.Recovery!.Further.Single().Detail, Is.EqualTo("motor"));
    }

    [Test]
    public async Task Should_keep_all_that_is_known_beside_a_silence_that_is_withdrawn()
    {
        await using var bench = await Start("Projected", saga =>
            saga.Open = saga.Open with { Replan = null, Failure = new(Domain.FailureKind.ScopeViolated, null, "the device is outside the area", null, Given.Now) });
        await Say(bench, "Deadline OfflineUntil");
        await Return(bench, "Reported actionFailed");
        Assert.That(Failures(bench), Is.EqualTo(new[] { FailureKind.ActionFailed, FailureKind.ScopeViolated }));
        Assert.That((Saga(bench).CurrentState, Saga(bench).Intent), Is.EqualTo(("Recovering", Intent.Hold)));
        Assert.That(bench.Harness.Published.Select<SetDesired>().Select(one => one.Context.Message.Intent), Has.None.EqualTo(Intent.Run), "it was never told to go on");
    }

    [TestCase(FailureKind.ReconciliationTimeout)]
    [TestCase(FailureKind.AcceptTimeout)]
    [TestCase(null, Description = "Held before the push was answered")]
    public async Task Should_know_no_more_of_the_actions_because_a_hold_lasted_too_long(FailureKind? silence)
    {
        await using var bench = await Start("Held", saga =>
        {
            saga.Revision = saga.SentRevision = silence == FailureKind.AcceptTimeout ? 2 : 1;
            if (silence is null)
            {
                (saga.AcceptedRevision, saga.AcceptedAt, saga.Execution) = (0, null, Execution.None);
                return;
            }

            saga.Open = saga.Open with
            {
                Recovery = Open(silence.Value), GivenUp = silence == FailureKind.ReconciliationTimeout ? new OpenActuals(Given.Epoch, null, true, true, Guid.NewGuid()) : null,
            };
        });
        await bench.Records.Keep(Given.Plan(contractId) with { Revision = 2 }, CancellationToken.None);
        await Say(bench, "Deadline Hold");
        var asked = bench.Harness.Published.Select<RecoveryRequested>().Single().Context.Message;
        Assert.That((asked.Failure.Kind, string.Join(", ", asked.Unconfirmed)), Is.EqualTo((FailureKind.HoldTooLong, "a1, a2")));
    }

    [Test]
    public async Task Should_know_how_far_it_came_once_its_journal_comes_through_again()
    {
        await using var bench = await Start("Live", saga => saga.Open = saga.Open with { Actuals = null, GivenUp = new OpenActuals(Given.Epoch, null, true, true, Guid.NewGuid()) });
        await Say(bench, "Reported actionFailed");
        Assert.That(bench.Harness.Published.Select<RecoveryRequested>().Single().Context.Message.Unconfirmed, Is.Empty);
    }

    [Test]
    public async Task Should_keep_each_failure_found_during_a_hold([Values("ResumeAsked", "Deadline Hold")] string end)
    {
        await using var bench = await Start("Held");
        await Say(bench, "Reported actionFailed");
        await Say(bench, "Outside");
        await Say(bench, end);
        Assert.That((Saga(bench).CurrentState, Failures(bench)), Is.EqualTo(("Recovering", new[] { FailureKind.ActionFailed, FailureKind.ScopeViolated })));
    }

    [Test]
    public async Task Should_keep_what_was_found_first_beside_what_the_journal_shows_later()
    {
        await using var bench = await Start("Held");
        await Say(bench, "Outside");
        await Say(bench, "Reported actionFailed");
        await Say(bench, "ResumeAsked");
        Assert.That(Failures(bench), Is.EqualTo(new[] { FailureKind.ScopeViolated, FailureKind.ActionFailed }));
    }

    [Test]
    public async Task Should_decide_about_the_first_of_many_found_during_a_hold()
    {
        await using var bench = await Start("Held");
        await Say(bench, "Outside");
        await Say(bench, "DesireAnswered refused");
        await Say(bench, "Reported actionFailed");
        await Say(bench, "ResumeAsked");
        Assert.That(Failures(bench), Is.EqualTo(new[] { FailureKind.ScopeViolated, FailureKind.DeviceFault, FailureKind.ActionFailed }));
    }

    [Test]
    public async Task Should_find_every_failure_of_a_journal_that_comes_in_parts_and_hold_the_device_for_one()
    {
        await using var bench = await Start("Projected", saga => saga.Open = saga.Open with { Replan = null });
        await Return(bench, "Reported actionFailed", tail: 5);
        var whole = (ExecutionReported)Message("Reported through the tail, with snapshot");
        await bench.Handle(whole with { ConnectionEpoch = 8, Tail = 5, Entries = [whole.Entries[0] with { Seq = 4, Type = "fault" }], Snapshot = null });
        await bench.Handle(whole with { ConnectionEpoch = 8, Tail = 5, Entries = [whole.Entries[0] with { Seq = 5, Type = "fleetNote" }] });
        Assert.That((Saga(bench).CurrentState, Saga(bench).Intent), Is.EqualTo(("Recovering", Intent.Hold)));
        Assert.That(Failures(bench), Is.EqualTo(new[] { FailureKind.ActionFailed, FailureKind.DeviceFault }));
    }

    [TestCase("actionFailed", FailureKind.ActionFailed)]
    [TestCase("stopped", FailureKind.DeviceFault)]
    public async Task Should_find_a_failure_behind_missing_entries_before_a_revision_is_taken_for_accepted(string entry, FailureKind kind)
    {
        await using var bench = await Start("Reconciled", saga =>
            (saga.Open, saga.Revision, saga.SentRevision) = (saga.Open with { Replan = null, Gap = new(3, 3), Actuals = new OpenActuals(Given.Epoch, null, true, true, Given.ReportId) }, 2, 2));
        await bench.Records.Keep(Given.Plan(contractId) with { Revision = 2 }, CancellationToken.None);
        bench.Records.Orphans[contractId] = [new(4, 2, Given.Now, "accepted"), new(5, 2, Given.Now, entry, "a1")];
        await Say(bench, "Deadline Actuals");
        Assert.That((Saga(bench).CurrentState, Failures(bench)), Is.EqualTo(("Recovering", new[] { kind })));
        Assert.That(Saga(bench).Open.Actuals, Is.Null, "they are as complete as they will be");
    }

    [Test]
    public async Task Should_show_with_the_open_failure_what_lies_behind_missing_entries()
    {
        await using var bench = await Start("Recovering", saga => saga.Open = saga.Open with
        {
            Recovery = Open(FailureKind.ActionFailed), Failure = new(Domain.FailureKind.ActionFailed, "a1", "as given", 2, Given.Now),
            Gap = new(3, 3), Actuals = new OpenActuals(Given.Epoch, null, true, true, Given.ReportId),
        });
        bench.Records.Orphans[contractId] = [new(4, 1, Given.Now, "fault")];
        await Say(bench, "Deadline Actuals");
        Assert.That((Failures(bench)[^1], Saga(bench).Intent), Is.EqualTo((FailureKind.DeviceFault, Intent.Hold)));
    }

    [Test]
    public async Task Should_keep_a_failure_once_that_names_no_action()
    {
        await using var bench = await Start("Held");
        var report = (ExecutionReported)Message("Reported progress");
        await bench.Handle(report with { Tail = 3, Entries = [report.Entries[0] with { Seq = 3, Type = "fault" }] });
        await bench.Handle(report with { Tail = 4, Entries = [report.Entries[0] with { Seq = 4, Type = "fleetNote" }] });
        Assert.That((Saga(bench).Open.Failure?.Kind, Saga(bench).Open.AlsoFound.Length), Is.EqualTo((Domain.FailureKind.DeviceFault, 0)));
    }

    [TestCase("Acknowledged busy")]
    [TestCase("Connection connected, not listed")]
    public async Task Should_know_that_a_push_did_not_arrive_when_the_device_shows_it(string shown)
    {
        await using var bench = await Start("Held", saga => (saga.AcceptedRevision, saga.AcceptedAt, saga.Execution) = (0, null, Execution.None));
        var plan = Given.Plan(contractId);
        Assert.That(Grounds.Of(Saga(bench), plan, Given.Now).Unconfirmed, Is.EqualTo(new[] { "a1", "a2" }));
        await Say(bench, shown);
        Assert.That(Grounds.Of(Saga(bench), plan, Given.Now).Unconfirmed, Is.Empty);
    }

    [Test]
    public async Task Should_decide_about_the_first_failure_and_show_what_the_rest_of_the_journal_shows()
    {
        await using var bench = await Start("Projected", Faulty);
        await Return(bench, "Reported actionFailed");
        Assert.That(Failures(bench), Is.EqualTo(new[] { FailureKind.DeviceFault, FailureKind.ActionFailed }));
    }

    [Test]
    public async Task Should_read_the_journal_after_a_hold_in_which_it_did_not_come()
    {
        await using var bench = await Start("Held", saga => saga.Open = saga.Open with { Actuals = new OpenActuals(Given.Epoch, null, true, true, Given.ReportId) });
        await Say(bench, "Deadline Actuals");
        await Say(bench, "ResumeAsked");
        Assert.That((Saga(bench).CurrentState, Saga(bench).Open.Actuals is { Returned: true }), Is.EqualTo(("Projected", true)));
        Assert.That(bench.Harness.Published.Select<SetDesired>().Select(one => one.Context.Message.Intent), Has.None.EqualTo(Intent.Run));
    }

    [Test]
    public async Task Should_go_live_when_a_birth_shows_the_revision_under_way_to_be_accepted()
    {
        await using var bench = await Start("Reconciled", saga => (saga.Open, saga.Revision, saga.SentRevision) = (saga.Open with { Replan = null }, 2, 2));
        await bench.Records.Keep(Given.Plan(contractId) with { Revision = 2 }, CancellationToken.None);
        await Return(bench, revision: 2);
        Assert.That((Saga(bench).CurrentState, Saga(bench).AcceptedRevision), Is.EqualTo(("Live", 2)));
    }

    [TestCase("Live")]
    [TestCase("Reconciled")]
    public async Task Should_say_once_that_a_device_stopped_unasked(string state)
    {
        await using var bench = await Start(state);
        await Say(bench, "Reported stopped");
        Assert.That((Saga(bench).CurrentState, Failures(bench)), Is.EqualTo(("Recovering", new[] { FailureKind.DeviceFault })));
        Assert.That(Saga(bench).Open.Recovery!.Failure.Evidence!.Value.GetProperty("seq").GetInt64(), Is.EqualTo(3));
    }

    [TestCase("Recovering", "Outside", FailureKind.ScopeViolated, Intent.Hold)]
    [TestCase("Recovering", "Connection connected, not listed", FailureKind.DeviceFault, Intent.Hold)]
    [TestCase("Recovering", "Reported actionFailed", FailureKind.ActionFailed, Intent.Run)]
    public async Task Should_hold_a_device_that_must_not_go_on_whatever_failed_first(string state, string found, FailureKind further, Intent intent)
    {
        await using var bench = await Start(state);
        await Say(bench, found);
        Assert.That((Failures(bench)[^1], Saga(bench).Intent), Is.EqualTo((further, intent)));
        Assert.That(bench.Harness.Published.Select<SetDesired>().Count(one => one.Context.Message.Intent == Intent.Hold), Is.EqualTo(intent == Intent.Hold ? 1 : 0));
    }

    [Test]
    public async Task Should_keep_the_failure_that_was_open_when_a_hold_lasts_too_long()
    {
        await using var bench = await Start("Held", saga => saga.Open = saga.Open with { Recovery = Open(FailureKind.ActionFailed) });
        await Say(bench, "Deadline Hold");
        Assert.That((Saga(bench).CurrentState, Failures(bench)), Is.EqualTo(("Recovering", new[] { FailureKind.HoldTooLong, FailureKind.ActionFailed })));
    }

    [Test]
    public async Task Should_keep_the_failure_that_was_open_beside_one_found_during_the_hold()
    {
        await using var bench = await Start("Held", saga => saga.Open = saga.Open with
        {
            Recovery = Open(FailureKind.ActionFailed), Failure = new(Domain.FailureKind.DeviceFault, null, "motor", 3, Given.Now),
        });
        await Say(bench, "ResumeAsked");
        Assert.That((Saga(bench).CurrentState, Failures(bench)), Is.EqualTo(("Recovering", new[] { FailureKind.DeviceFault, FailureKind.ActionFailed })));
    }

    [TestCase(false, "Live", Description = "An operator held it before anybody decided: there is nothing left to decide about")]
    [TestCase(true, "Recovering", Description = "The hold was the decision, and ends with another request")]
    public async Task Should_withdraw_a_silence_that_is_refuted_during_a_hold_unless_it_was_decided_about(bool decided, string state)
    {
        await using var bench = await Start("Held", saga => saga.Open = saga.Open with
        {
            Recovery = Open(FailureKind.OfflineTooLong), Actuals = new OpenActuals(Given.Epoch, null, true, true, Given.ReportId),
            Earlier = decided ? [new() { RecoveryId = Given.RecoveryId, Failure = FailureKind.OfflineTooLong, Strategy = RecoveryStrategy.Hold, At = Given.Now }] : [],
        });
        await Say(bench, "Reported through the tail, with snapshot");
        await Say(bench, "ResumeAsked");
        Assert.That(Saga(bench).CurrentState, Is.EqualTo(state));
    }

    [TestCase("Recovering", "Live")]
    [TestCase("Held", "Held")]
    public async Task Should_withdraw_the_missing_acceptance_when_the_journal_shows_it(string state, string after)
    {
        await using var bench = await Start(state, saga =>
        {
            (saga.AcceptedRevision, saga.AcceptedAt, saga.Execution) = (0, null, Execution.None);
            saga.Open = saga.Open with { Recovery = Open(FailureKind.AcceptTimeout) };
        });
        var whole = (ExecutionReported)Message("Reported through the tail, with snapshot");
        await bench.Handle(whole with { Entries = [whole.Entries[0]], Tail = 1, Snapshot = null, ReportId = null });
        var asked = bench.Harness.Published.Select<RequestReport>().Single().Context.Message;
        await bench.Handle(whole with { ReportId = asked.ReportId });
        Assert.That((Saga(bench).CurrentState, Saga(bench).Open.Recovery), Is.EqualTo((after, (OpenRecovery?)null)));
    }

    [TestCase("Reconciled", false, "Recovering", 0, Description = "It is told to hold, and not yet that again")]
    [TestCase("Projected", true, "Projected", 3, Description = "It is not told to run before its journal is read")]
    public async Task Should_find_a_device_at_fault_that_does_not_answer_what_it_was_told(string state, bool returned, string after, int attempts)
    {
        await using var bench = await Start(state, saga =>
        {
            (saga.Connected, saga.IntentVersion) = (true, 3);   // which it has not confirmed
            saga.Open = saga.Open with { CommandAttempts = 3, Actuals = returned ? new OpenActuals(Given.Epoch, null, true, true, Given.ReportId) : null };
        });
        await Say(bench, "Deadline Command");
        Assert.That((Saga(bench).CurrentState, Saga(bench).Open.CommandAttempts), Is.EqualTo((after, attempts)));
        Assert.That(Saga(bench).Open.Recovery?.Failure.Kind, Is.EqualTo(after == "Recovering" ? FailureKind.DeviceFault : (FailureKind?)null));
    }

    [Test]
    public async Task Should_say_whose_word_it_is_that_a_device_stands_still()
    {
        await using var bench = await Start("Escalated");
        await Say(bench, "Resolved abort, attested");
        var ended = bench.Records.Events.Select(entry => JsonDocument.Parse(entry.Body).RootElement).Single(entry => entry.TryGetProperty("cause", out var cause) && cause.ValueEquals("attested"));
        Assert.That(ended.GetProperty("evidence").GetProperty("by").GetString(), Is.EqualTo("operator"));
    }

    private static void Faulty(ContractState saga) => saga.Open = saga.Open with { Replan = null, Failure = new(Domain.FailureKind.DeviceFault, null, "motor", 2, Given.Now) };

    private static OpenRecovery Open(FailureKind kind) =>
        new(Given.RecoveryId, new Failure { Kind = kind, Detail = "as given", Certainty = Certainty.Projected, At = Given.Now }, 1, null, false, null, []);

    private static Snapshot Seen(string running) =>
        new(Given.Now, Domain.ExecutionStatus.Executing, 1, 1, new Dictionary<string, Domain.SnapshotAction> { [running] = new(Domain.ActionStatus.Running, null) }, null);

    /// <summary>It is back, and says all there is to say.</summary>
    private async Task Return(Bench bench, string said = "Reported through the tail, with snapshot", int revision = 1, long tail = 3)
    {
        await bench.Handle(new ConnectionChanged(
            contractId, Given.Device, 5, 8, true, Given.Now, null, EvidenceKind.Journal, 8,
            new ContractListing { ContractId = contractId, Revision = revision, Status = ExecutionStatus.Executing, IntentVersion = 1, Tail = tail, AckedThrough = 2 }));
        var whole = (ExecutionReported)Message("Reported through the tail, with snapshot");
        await bench.Handle(whole with { ConnectionEpoch = 8, Tail = tail, Entries = ((ExecutionReported)Message(said)).Entries, Snapshot = tail == 3 ? whole.Snapshot : null });
    }

    private Task<Bench> Start(string state, Action<ContractState>? change = null) => Bench.With(contractId, state, change);

    private List<FailureKind> Failures(Bench bench) =>
        Saga(bench).Open.Recovery is { } recovery ? [recovery.Failure.Kind, .. recovery.Further.Select(one => one.Kind)] : [];

    private ContractState Saga(Bench bench) => bench.Find(contractId)!;

    private Task Say(Bench bench, string name) => bench.Handle(Message(name));

    private object Message(string name) => Given.Events().Single(one => one.Name == name).Message(contractId);
}
