using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.Json;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Sagas.Tests;

/// <summary>The path of the diagram on the message harness: what is said at each step, and how certain it is.</summary>
public sealed class When_a_contract_goes_its_way
{
    private readonly Guid contractId = Guid.NewGuid();

    [Test]
    public async Task Should_go_live_be_projected_be_reconciled_and_complete()
    {
        await using var bench = await Bench.Start();
        bench.Records.Devices[Given.Device] = Given.ConnectedDevice;
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        bench.Add(Given.In("Initial", contractId));

        await bench.Handle(new ContractSubmitted(contractId));
        Assert.That(bench.Find(contractId)!.CurrentState, Is.EqualTo("Pushing"));
        await Say(bench, "Acknowledged accepted");
        await Say(bench, "Reported progress");
        await Say(bench, "Connection lost");
        Assert.That(bench.Find(contractId)!.CurrentState, Is.EqualTo("Projected"));
        await bench.Handle(new ConnectionChanged(
            contractId, Given.Device, 5, 8, true, Given.Now, null, EvidenceKind.Journal, 8,
            new ContractListing { ContractId = contractId, Revision = 1, Status = ExecutionStatus.Executing, IntentVersion = 1, Tail = 3, AckedThrough = 2 }));
        await bench.Handle(((ExecutionReported)Message("Reported through the tail, with snapshot")) with { ConnectionEpoch = 8 });
        Assert.That(bench.Find(contractId)!.CurrentState, Is.EqualTo("Live"));
        await Say(bench, "Reported completed");

        Assert.Multiple(() =>
        {
            Assert.That(Path(bench), Is.EqualTo(new[] { "awaitingConnection", "pushing", "live", "projected", "reconciled", "live", "completed" }));
            Assert.That(bench.Sent(contractId).Count(name => name == nameof(PushContract)), Is.EqualTo(1));
            Assert.That(bench.Sent(contractId).Count(name => name == nameof(ContractReconciled)), Is.EqualTo(1));
            Assert.That(bench.Sent(contractId).Count(name => name == nameof(ContractEnded)), Is.EqualTo(1));
        });
    }

    [TestCase(8, 9, "Live")]
    [TestCase(9, 8, "Live", Description = "What comes late from an earlier epoch does not take its place")]
    [TestCase(8, 8, "Projected", Description = "Of this epoch nothing is here yet")]
    public async Task Should_complete_the_actuals_with_a_snapshot_that_came_before_its_journal(long first, long second, string state)
    {
        await using var bench = await Bench.Start();
        bench.Records.Devices[Given.Device] = Given.ConnectedDevice;
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        var saga = Given.In("Projected", contractId);
        (saga.Connected, saga.ConnectionEpoch, saga.Open) = (true, 9, saga.Open with { Replan = null, Actuals = new OpenActuals(9, 4, false, true, Guid.NewGuid()) });
        bench.Add(saga);
        var whole = (ExecutionReported)Message("Reported through the tail, with snapshot");
        var ahead = whole with { Tail = 4, Entries = [whole.Entries[^1] with { Seq = 4, Type = "fleetNote" }], ReportId = null };
        await bench.Handle(ahead with { ConnectionEpoch = first });
        await bench.Handle(ahead with { ConnectionEpoch = second });
        Assert.That(bench.Find(contractId)!.CurrentState, Is.EqualTo("Projected"));
        await bench.Handle(whole with { ConnectionEpoch = 9, Tail = 4, Entries = [whole.Entries[^1], .. ahead.Entries], Snapshot = null, ReportId = null });
        Assert.That((bench.Find(contractId)!.CurrentState, bench.Find(contractId)!.Execution.Seq), Is.EqualTo((state, 4L)));
    }

    [TestCase(true, "Projected", 0, Description = "It is read first what the device did")]
    [TestCase(false, "Pushing", 1)]
    public async Task Should_read_what_a_device_lists_before_it_is_pushed_when_that_overtakes_the_submission(bool isListed, string state, int pushes)
    {
        await using var bench = await Bench.Start();
        bench.Records.Devices[Given.Device] = Given.ConnectedDevice;
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        bench.Add(Given.In("Initial", contractId));

        await bench.Handle(new ConnectionChanged(
            contractId, Given.Device, 5, 8, true, Given.Now, null, EvidenceKind.Journal, 8,
            isListed ? new ContractListing { ContractId = contractId, Revision = 1, Status = ExecutionStatus.Executing, IntentVersion = 1, Tail = 3, AckedThrough = 2 } : null));
        Assert.That(bench.Find(contractId)!.CurrentState, Is.EqualTo(state));
        Assert.That(bench.Sent(contractId).Count(name => name == nameof(PushContract)), Is.EqualTo(pushes));
    }

    [Test]
    public async Task Should_go_on_looking_for_its_device_whatever_that_says_of_its_intent()
    {
        await using var bench = await Bench.Start();
        bench.Records.Devices[Given.Device] = Given.ConnectedDevice with { Contact = null };   // connected, and not heard lately
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        bench.Add(Given.In("Initial", contractId));
        await bench.Handle(new DesiredAcknowledged
        {
            ContractId = contractId, DeviceId = Given.Device, ConnectionEpoch = Given.Epoch, UptimeMs = 1, SentAt = Given.Now, ReceivedAt = Given.Now, IntentVersion = 1, Result = DesiredResult.Done,
        });
        Assert.That(bench.Find(contractId)!.CurrentState, Is.EqualTo("AwaitingConnection"));
        Assert.That(bench.Find(contractId)!.Deadlines.Of(DeadlineKind.Command), Is.Not.Null);
    }

    [Test]
    public async Task Should_take_what_a_device_accepted_in_an_earlier_life_for_sent()
    {
        await using var bench = await Bench.Start();
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        var saga = Given.In("AwaitingConnection", contractId);
        bench.Add(saga);
        await Say(bench, "Acknowledged accepted");
        await bench.Handle(new CancelContract { ContractId = contractId, Reason = "no longer wanted", RequestedBy = "an operator" });
        Assert.That(bench.Find(contractId)!.CurrentState, Is.EqualTo("Stopping"), "it may be executing");
        await bench.Handle(new ConnectionChanged(contractId, Given.Device, 5, Given.Epoch, true, Given.Now, null, EvidenceKind.Journal, Given.Epoch, null));
        Assert.That(bench.Find(contractId)!.CurrentState, Is.EqualTo("Stopping"), "a birth of the epoch in which it was accepted may be older");
    }

    [Test]
    public async Task Should_change_nothing_when_a_report_comes_twice()
    {
        await using var bench = await Bench.Start();
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        bench.Add(Given.In("Live", contractId));
        await Say(bench, "Reported progress");
        var (version, execution) = (bench.Find(contractId)!.Version, bench.Find(contractId)!.Execution);
        await Say(bench, "Reported progress");
        Assert.Multiple(() =>
        {
            Assert.That(bench.Find(contractId)!.Version, Is.EqualTo(version));
            Assert.That(JsonSerializer.Serialize(bench.Find(contractId)!.Execution), Is.EqualTo(JsonSerializer.Serialize(execution)));
        });
    }

    [Test]
    public async Task Should_not_take_a_birth_as_old_as_its_orphans_for_the_word_that_the_device_does_not_hold_it()
    {
        await using var bench = await Bench.Start();
        bench.Records.Devices[Given.Device] = Given.ConnectedDevice;
        bench.Records.Orphans[contractId] = [new(1, 1, Given.Now, "accepted")];
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        bench.Add(Given.In("Initial", contractId));
        await bench.Handle(new ContractSubmitted(contractId));
        await Say(bench, "CancelAsked");
        var birth = new ConnectionChanged(contractId, Given.Device, 4, Given.Epoch, true, Given.Now, null, EvidenceKind.Journal, Given.Epoch, null);
        await bench.Handle(birth);
        Assert.That(bench.Find(contractId)!.CurrentState, Is.EqualTo("Stopping"), "it accepted after that birth");
        await bench.Handle(birth with { Change = 5, ConnectionEpoch = Given.Epoch + 1, BirthEpoch = Given.Epoch + 1 });
        Assert.That(bench.Find(contractId)!.CurrentState, Is.EqualTo("Cancelled"));
    }

    [TestCase(true, false, "Recovering")]
    [TestCase(true, true, "Recovering")]
    [TestCase(false, false, "Projected", Description = "What it answers to another request may be older than its entries")]
    public async Task Should_find_the_journal_lost_that_the_device_of_orphans_does_not_have_any_more(bool isAsked, bool isLate, string state)
    {
        await using var bench = await Bench.Start();
        bench.Records.Devices[Given.Device] = Given.ConnectedDevice;
        bench.Records.Orphans[contractId] = [new(1, 1, Given.Now, "accepted"), new(2, 1, Given.Now, "actionStarted", "a1")];
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        bench.Add(Given.In("Initial", contractId));
        await bench.Handle(new ContractSubmitted(contractId));
        var asked = bench.Harness.Published.Select<RequestReport>().Single().Context.Message.ReportId;
        if (isLate)
        {
            await Reach(bench, DeadlineKind.Actuals);
        }

        await bench.Handle(((ExecutionReported)Message("Reported progress")) with
        {
            Tail = 0, Entries = [], ReportId = isAsked ? asked : Guid.NewGuid(),
            Snapshot = new DeviceSnapshot { At = Given.Now, Status = ExecutionStatus.Unknown, Revision = 0, IntentVersion = 0 },
        });
        Assert.That((bench.Find(contractId)!.CurrentState, bench.Find(contractId)!.Open.JournalLost), Is.EqualTo((state, isAsked)));
    }

    [TestCase(3, Domain.ActionStatus.Finished)]
    [TestCase(4, Domain.ActionStatus.Running, Description = "It knows more than what is applied")]
    public async Task Should_believe_an_early_snapshot_once_the_entries_before_it_are_given_up(long tail, Domain.ActionStatus known)
    {
        await using var bench = await Bench.Start();
        bench.Records.Devices[Given.Device] = Given.ConnectedDevice;
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        var saga = Given.In("Live", contractId);
        var seen = new Domain.Snapshot(Given.Now, Domain.ExecutionStatus.Executing, 1, 1, new Dictionary<string, Domain.SnapshotAction> { ["a1"] = new(Domain.ActionStatus.Finished, 1) });
        saga.Open = saga.Open with { Gap = new(3, 3), Early = new(Given.Epoch, tail, null, seen) };
        bench.Add(saga);
        await Say(bench, "Deadline Actuals");
        var after = bench.Find(contractId)!;
        Assert.That((after.Execution.Seq, after.Execution.Of("a1")!.Status, after.Open.Early), Is.EqualTo((3L, known, (EarlySnapshot?)null)));
    }

    [TestCase("Connection connected, not listed", "Recovering", FailureKind.DeviceFault)]
    [TestCase("Outside", "Recovering", FailureKind.ScopeViolated)]
    [TestCase("DesireAnswered refused", "Recovering", FailureKind.DeviceFault)]
    [TestCase("Reported actionFailed", "Recovering", FailureKind.ActionFailed)]
    [TestCase("Deadline Actuals", "Live", null, Description = "What is concluded from silence is found anew, if it is still so")]
    public async Task Should_decide_about_a_failure_found_during_a_hold_when_that_ends(string found, string state, FailureKind? kind)
    {
        await using var bench = await Bench.Start();
        bench.Records.Devices[Given.Device] = Given.ConnectedDevice;
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        bench.Add(Given.In("Held", contractId));
        await Say(bench, found);
        Assert.That((bench.Find(contractId)!.CurrentState, bench.Sent(contractId)), Is.EqualTo(("Held", bench.Sent(contractId).Except([nameof(RecoveryRequested)]))));
        await Say(bench, "ResumeAsked");
        Assert.That((bench.Find(contractId)!.CurrentState, bench.Find(contractId)!.Open.Recovery?.Failure.Kind), Is.EqualTo((state, kind)));
    }

    [TestCase("Connection connected, not listed", true, "the journal is lost, which excludes retry")]
    [TestCase("Connection lost", false, "mayRepeat is needed: nobody knows how far a1, a2 came")]
    [TestCase("Connection lost", true, null)]
    public async Task Should_look_at_a_retry_again_when_its_delay_is_over(string meanwhile, bool mayRepeat, string? refused)
    {
        await using var bench = await Bench.Start();
        bench.Records.Devices[Given.Device] = Given.ConnectedDevice;
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        bench.Add(Given.In("Recovering", contractId));
        await bench.Handle(Given.Retry(contractId) with { Delay = TimeSpan.FromSeconds(5), MayRepeat = mayRepeat });
        await Say(bench, meanwhile);
        await Reach(bench, DeadlineKind.Retry);
        var after = bench.Find(contractId)!;
        Assert.That((after.CurrentState, after.Revision, after.Open.Recovery?.Refused?.Reason), Is.EqualTo(refused is null ? ("Projected", 2, (string?)null) : ("Recovering", 1, refused)));
    }

    [TestCase(5, "Recovering", "notAfter has passed, which excludes retry")]
    [TestCase(4, "Reconciled", null)]
    public async Task Should_refuse_a_retry_whose_delay_ends_at_notAfter_or_later(int delay, string state, string? refused)
    {
        await using var bench = await Bench.Start();
        bench.Records.Devices[Given.Device] = Given.ConnectedDevice;
        var plan = Given.Plan(contractId);
        await bench.Records.Keep(plan with { Scope = plan.Scope with { NotAfter = Given.Now.AddSeconds(5) } }, CancellationToken.None);
        bench.Add(Given.In("Recovering", contractId));
        await bench.Handle(Given.Retry(contractId) with { Delay = TimeSpan.FromSeconds(delay), MayRepeat = true });
        Assert.That(bench.Find(contractId)!.Open.Recovery?.Refused, Is.Null, "there is time when it is decided");
        bench.Time.Advance(TimeSpan.FromSeconds(delay));
        await Reach(bench, DeadlineKind.Retry);
        Assert.That((bench.Find(contractId)!.CurrentState, bench.Find(contractId)!.Open.Recovery?.Refused?.Reason), Is.EqualTo((state, refused)));
    }

    [Test]
    public async Task Should_show_when_a_hold_ends_why_the_device_refused_the_contract_meanwhile()
    {
        await using var bench = await Bench.Start();
        bench.Records.Devices[Given.Device] = Given.ConnectedDevice;
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        var saga = Given.In("Held", contractId);
        (saga.AcceptedRevision, saga.AcceptedAt, saga.Execution) = (0, null, Domain.Execution.None);
        bench.Add(saga);
        await bench.Handle(((ContractAcknowledged)Message("Acknowledged busy")) with { ReasonCode = "dataInvalid" });
        await Say(bench, "ResumeAsked");
        var failure = bench.Harness.Published.Select<RecoveryRequested>().Single().Context.Message.Failure;
        Assert.That((failure.Kind, failure.Evidence!.Value.GetProperty("reasonCode").GetString()), Is.EqualTo((FailureKind.ContractRejected, "dataInvalid")));
    }

    [Test]
    public async Task Should_not_withdraw_what_is_known_beside_what_was_concluded_from_silence()
    {
        await using var bench = await Bench.Start();
        bench.Records.Devices[Given.Device] = Given.ConnectedDevice;
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        bench.Add(Given.In("Recovering", contractId));
        await bench.Handle(new ConnectionChanged(
            contractId, Given.Device, 5, 8, true, Given.Now, null, EvidenceKind.Journal, 8,
            new ContractListing { ContractId = contractId, Revision = 1, Status = ExecutionStatus.Executing, IntentVersion = 1, Tail = 1, AckedThrough = 0 }));
        var report = (ExecutionReported)Message("Reported through the tail, with snapshot");
        await bench.Handle(report with { ConnectionEpoch = 8, Tail = 1, Entries = [report.Entries[0]] });
        Assert.That((bench.Find(contractId)!.CurrentState, bench.Find(contractId)!.Open.Recovery?.Failure.Kind), Is.EqualTo(("Recovering", FailureKind.DeviceFault)), "the journal is shorter than what was read of it");
    }

    [Test]
    public async Task Should_tell_its_successor_of_a_duplicate_execution_heard_of_while_it_was_stopped_or_later([Range(0, 2)] int heardAfter)
    {
        await using var bench = await Bench.Start();
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        var saga = Given.In("Stopping", contractId);
        saga.Open = saga.Open with { Stop = new OpenStop(ContractStatus.Reassigned, "rule 1") };
        bench.Add(saga);
        var (heard, next) = ((PredecessorReported)Message("OtherReported duplicate"), Guid.NewGuid());
        object[] events = [Message("Reported stopped"), new SuccessorAppointed(contractId, next)];
        foreach (var one in events.Take(heardAfter).Append(heard).Concat(events.Skip(heardAfter)).Append(events[1]))
        {
            await bench.Handle(one);
        }

        Assert.That(bench.Find(contractId)!.CurrentState, Is.EqualTo("Reassigned"));
        var told = bench.Harness.Sent.Select<PredecessorReported>().Single().Context.Message;
        Assert.That((told.ContractId, told.PredecessorId, told.DeviceId, told.Duplicate), Is.EqualTo((next, heard.PredecessorId, heard.DeviceId, heard.Duplicate)));
    }

    [Test]
    public async Task Should_count_the_failure_that_a_person_is_asked_about_at_once()
    {
        var counted = new ConcurrentQueue<object?>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, to) => { if (instrument.Name == "em_failures") { to.EnableMeasurementEvents(instrument); } } };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => counted.Enqueue(tags[0].Value));
        listener.Start();
        await using (var bench = await Bench.Start())
        {
            await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
            bench.Add(Given.In("Live", contractId));
            await Say(bench, "OtherReported duplicate");
        }

        Assert.That(counted, Is.EqualTo(new[] { "deviceFault" }));
    }

    [Test]
    public async Task Should_let_an_operators_word_yield_to_the_device()
    {
        await using var bench = await Bench.Start();
        bench.Records.Devices[Given.Device] = Given.ConnectedDevice;
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        bench.Add(Given.In("Projected", contractId));
        await bench.Handle(Given.Attested(contractId, ExecutionStatus.Executing, ExecutionManager.Contracts.Messages.ActionStatus.Finished));
        var attested = bench.Find(contractId)!;
        Assert.That((attested.CurrentState, attested.Execution.Seq, attested.Execution.Of("a1")!.Status, attested.Open.Frozen is not null),
            Is.EqualTo(("Projected", 2L, Domain.ActionStatus.Finished, true)));
        // The journal goes on from its own seq: a1 had failed.
        await Say(bench, "Reported actionFailed");
        var spoken = bench.Find(contractId)!;
        Assert.That((spoken.Execution.Seq, spoken.Execution.Of("a1")!.Status, spoken.Open.Attested), Is.EqualTo((3L, Domain.ActionStatus.Failed, (OpenAttestation?)null)));
    }

    [TestCase("actionStopped", false, 1)]
    [TestCase("actionFailed", false, 1)]
    [TestCase("actionFailed", true, 2, Description = "It failed while it was planned: that failure is the one to decide about")]
    [TestCase("actionFinished", false, 2, Description = "The device skips it")]
    [TestCase("paused", false, 2, Description = "It goes on")]
    public async Task Should_refuse_a_plan_that_would_execute_an_action_id_twice(string end, bool isOpen, int revision)
    {
        await using var bench = await Bench.Start();
        var plan = Given.Plan(contractId);
        await bench.Records.Keep(plan, CancellationToken.None);
        var saga = Given.In("Projected", contractId);
        saga.Execution = saga.Execution.Apply(new(3, 1, Given.Now, end, "a1"));
        saga.Open = saga.Open with { Failure = isOpen ? new(Domain.FailureKind.ActionFailed, "a1", "the action failed", 3, Given.Now) : null };
        bench.Add(saga);
        var revised = (PlanRevised)Message("Revised");
        await bench.Handle(revised with { Actions = [.. revised.Actions, .. Shown.Actions(plan, [plan.Actions[0]])] });
        var (kept, why) = (bench.Find(contractId)!, $"the revised plan is not usable: actions[1].actionId: is that of an action that is {end.Replace("action", "", StringComparison.Ordinal).ToLowerInvariant()}; once more needs a new one, with retryOf");
        Assert.That((kept.CurrentState, kept.Revision), Is.EqualTo(("Projected", revision)), "what was refused is kept for the return");
        Assert.That((kept.Open.Failure?.Kind, kept.Open.Failure?.Detail), Is.EqualTo(
            revision == 1 ? (Domain.FailureKind.ReplanFailed, why) : isOpen ? (Domain.FailureKind.ActionFailed, "the action failed") : ((Domain.FailureKind?)null, (string?)null)));
    }

    [Test]
    public async Task Should_record_each_further_failure_once_with_the_open_one()
    {
        await using var bench = await Bench.Start();
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        bench.Add(Given.In("Escalated", contractId));
        foreach (var device in new[] { "agv-8", "agv-9", "agv-9" })
        {
            await bench.Handle(new PredecessorReported(contractId, Guid.NewGuid(), device, [], new Domain.SeqRange(1, 2)));
        }

        Assert.That(bench.Find(contractId)!.Open.Recovery!.Further.Select(one => one.Detail), Is.EqualTo(new[] { "agv-8", "agv-9" }.Select(device => $"{device} worked on the task after its lease or its stop")));
    }

    [Test]
    public async Task Should_refuse_what_another_device_says_of_it()
    {
        await using var bench = await Bench.Start();
        await bench.Records.Keep(Given.Plan(contractId), CancellationToken.None);
        bench.Add(Given.In("Live", contractId));
        await bench.Handle(((ExecutionReported)Message("Reported completed")) with { DeviceId = "agv-18" });
        Assert.Multiple(() =>
        {
            Assert.That(bench.Find(contractId)!.CurrentState, Is.EqualTo("Live"));
            Assert.That(bench.Harness.Published.Select<RejectDeviceMessage>().Single().Context.Message.Reason, Is.EqualTo("notYourContract"));
        });
    }

    private Task Reach(Bench bench, DeadlineKind kind)
    {
        var armed = bench.Find(contractId)!.Deadlines.Of(kind)!;
        return bench.Handle(new DeadlineReached(contractId, kind, armed.Token, armed.At, false));
    }

    private Task Say(Bench bench, string name) => bench.Handle(Message(name));

    private object Message(string name) => Given.Events().Single(one => one.Name == name).Message(contractId);

    private static List<string> Path(Bench bench) =>
    [
        .. bench.Records.Events.Where(entry => entry.Name == nameof(ContractStateChanged))
            .Select(entry => JsonDocument.Parse(entry.Body).RootElement.GetProperty("to").GetString()!),
    ];
}
