using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;

namespace ExecutionManager.Sagas.Tests;

/// <summary>What a device says too late to count for its own contract still counts for whoever has the task next.</summary>
public sealed class When_truth_comes_late
{
    private readonly Guid contractId = Guid.NewGuid();

    [Test]
    public async Task Should_tell_the_Scheduler_that_less_remains_when_entries_given_up_come_after_all([Values("Reassigned", "Stopping")] string state)
    {
        await using var bench = await Start(state, saga =>
        {
            saga.Execution = saga.Execution.Skip(new(3, 3));
            saga.Open = saga.Open with { Stop = saga.Open.Stop is null ? null : new OpenStop(ContractStatus.Reassigned, "rule 1") };
        });
        await bench.Handle(Report(3, "actionFinished", "a1"));
        await Say(bench, state == "Reassigned" ? "Reported progress" : "DesireAnswered unknownContract");
        Assert.That(Saga(bench).Execution.Of("a1")!.Status, Is.Not.EqualTo(Domain.ActionStatus.Finished), "it has no effect on the fold");
        Assert.That(bench.Harness.Published.Select<LateEvidenceFound>().SelectMany(one => one.Context.Message.Entries).Select(entry => entry.Seq), Is.EqualTo(new[] { 3 }));
        Assert.That(Saga(bench).CurrentState, Is.EqualTo("Reassigned"));
        Assert.That(bench.Harness.Published.Select<ReassignmentRequested>().Last().Context.Message.RemainingActions.Select(action => action.ActionId), Is.EqualTo(new[] { "a2" }));

        var next = Guid.NewGuid();
        await bench.Handle(new SuccessorAppointed(contractId, next));
        Assert.That(bench.Harness.Sent.Select<PredecessorReported>().Single().Context.Message.Finished, Is.EqualTo(new[] { "a1" }));
    }

    [Test]
    public async Task Should_find_work_after_the_end_in_entries_given_up()
    {
        await using var bench = await Start("Reassigned", saga => saga.Execution = saga.Execution.Skip(new(3, 3)));
        var (report, later) = (Report(3, "actionFinished", "a1"), Given.Now.AddMinutes(1));
        await bench.Handle(report with { ReceivedAt = later, SentAt = later, Entries = [report.Entries[0] with { At = later }] });
        Assert.That(bench.Harness.Published.Select<DuplicateExecution>().Single().Context.Message.Entries.Single().Seq, Is.EqualTo(3));
    }

    [Test]
    public async Task Should_read_what_lies_behind_missing_entries_when_the_contract_is_over([Values("Cancelled", "Aborted", "Reassigned")] string state)
    {
        await using var bench = await Start(state);
        var report = Report(4, "actionFinished", "a1");
        bench.Records.Orphans[contractId] = [new(4, 1, report.SentAt, "actionFinished", "a1")];
        await bench.Handle(report);
        Assert.That((Saga(bench).Execution.Seq, Saga(bench).Open.Gap), Is.EqualTo((2L, new Domain.SeqRange(3, 3))));
        var armed = Saga(bench).Deadlines.Of(DeadlineKind.Actuals)!;
        await bench.Handle(new DeadlineReached(contractId, DeadlineKind.Actuals, armed.Token, armed.At, false));
        Assert.That((Saga(bench).CurrentState, Saga(bench).Execution.Seq, Saga(bench).Open.Gap), Is.EqualTo((state, 4L, (Domain.SeqRange?)null)));
        Assert.That(Saga(bench).Deadlines.ByKind.Keys, Does.Not.Contain(DeadlineKind.Actuals));
        Assert.That(bench.Harness.Published.Select<LateEvidenceFound>().Single().Context.Message.Entries.Single().Seq, Is.EqualTo(4));
        Assert.That(Saga(bench).Open.LateFinished, Is.EqualTo(new[] { "a1" }));
    }

    [TestCase(true, 4, Description = "It is there, and does not send them")]
    [TestCase(false, 2, Description = "It is away: when it is back it may still send them")]
    public async Task Should_give_up_what_was_missing_at_the_end_when_the_device_is_there(bool isThere, long through)
    {
        await using var bench = await Start("Stopping", saga => saga.Open = saga.Open with { Stop = new OpenStop(ContractStatus.Reassigned, "rule 1") });
        var report = Report(4, "actionFinished", "a1");
        bench.Records.Orphans[contractId] = [new(4, 1, report.SentAt, "actionFinished", "a1")];
        await bench.Handle(report);
        await Say(bench, "DesireAnswered unknownContract");
        bench.Records.Devices[Given.Device] = Given.ConnectedDevice with { Connection = Given.ConnectedDevice.Connection! with { Connected = isThere } };
        Assert.That((Saga(bench).CurrentState, Saga(bench).Open.Gap), Is.EqualTo(("Reassigned", new Domain.SeqRange(3, 3))));
        var armed = Saga(bench).Deadlines.Of(DeadlineKind.Actuals)!;
        await bench.Handle(new DeadlineReached(contractId, DeadlineKind.Actuals, armed.Token, armed.At, false));
        Assert.That(Saga(bench).Execution.Seq, Is.EqualTo(through));
        Assert.That(Saga(bench).Deadlines.Of(DeadlineKind.Actuals) is null, Is.EqualTo(isThere));
        Assert.That(bench.Harness.Published.Select<SetDesired>().Count(), Is.EqualTo(isThere ? 1 : 0), "nothing is said to who is away");
        await Say(bench, "Connection connected, listed");
        Assert.That(Saga(bench).Deadlines.Of(DeadlineKind.Actuals)?.At, Is.EqualTo(isThere ? null : Given.Now + new ContractSettings().Actuals), "it may still send them");
        bench.Time.Advance(TimeSpan.FromSeconds(30));
        await Say(bench, "Connection connected, listed");
        Assert.That(Saga(bench).Deadlines.Of(DeadlineKind.Actuals)?.At, Is.EqualTo(isThere ? null : Given.Now + new ContractSettings().Actuals), "a device that comes and goes does not put it off");
        Assert.That(bench.Harness.Published.Select<ReassignmentRequested>().Last().Context.Message.RemainingActions, Has.Count.EqualTo(isThere ? 1 : 2));
    }

    [Test]
    public async Task Should_not_call_late_what_completed_the_contract()
    {
        await using var bench = await Start("Initial");
        bench.Records.Orphans[contractId] = [new(1, 1, Given.Now, "accepted"), new(2, 1, Given.Now, "completed")];
        await bench.Handle(Report(2, "completed", "a1"));
        Assert.That(Saga(bench).CurrentState, Is.EqualTo("Completed"));
        Assert.That(bench.Sent(contractId), Has.None.EqualTo(nameof(LateEvidenceFound)));
    }

    [TestCase(Contracts.Messages.RetryFrom.Remaining, "a2")]
    [TestCase(Contracts.Messages.RetryFrom.All, "a1-r2, a2-r2")]
    public async Task Should_not_retry_what_another_device_has_done_unless_all_is_asked_for(Contracts.Messages.RetryFrom from, string actions)
    {
        await using var bench = await Start("Recovering", saga => saga.Open = saga.Open with { DoneByOthers = ["a1"] });
        await bench.Handle(Given.Retry(contractId) with { From = from });
        var plan = await bench.Records.Document(contractId, 2, CancellationToken.None);
        Assert.That(string.Join(", ", plan.Actions.Select(action => action.ActionId)), Is.EqualTo(actions));
    }

    private ExecutionReported Report(long seq, string type, string actionId)
    {
        var report = (ExecutionReported)Message("Reported progress");
        return report with { Tail = seq, Entries = [report.Entries[1] with { Seq = seq, Type = type, ActionId = actionId, At = report.SentAt }] };
    }

    private Task<Bench> Start(string state, Action<ContractState>? change = null) => Bench.With(contractId, state, change);

    private ContractState Saga(Bench bench) => bench.Find(contractId)!;

    private Task Say(Bench bench, string name) => bench.Handle(Message(name));

    private object Message(string name) => Given.Events().Single(one => one.Name == name).Message(contractId);
}
