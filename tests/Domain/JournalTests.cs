using CsCheck;

namespace ExecutionManager.Domain.Tests;

public class When_a_journal_is_folded
{
    private static (ExecutionStatus, string) State(Execution execution) => (execution.Status,
        string.Join(' ', execution.Executed.Select(r => $"{r.ActionId}:{CamelCase<ActionStatus>.Word(r.Status)}")));

    [TestCase("accepted", ExecutionStatus.Waiting, "")]
    [TestCase("accepted +a1", ExecutionStatus.Executing, "a1:running")]
    [TestCase("accepted +a1 -a1", ExecutionStatus.Executing, "a1:finished")]
    [TestCase("accepted +a1 !a1", ExecutionStatus.Failed, "a1:failed")]
    [TestCase("accepted +a1 ~a1", ExecutionStatus.Executing, "a1:stopped")]
    [TestCase("accepted +a1 paused", ExecutionStatus.Paused, "a1:paused")]
    [TestCase("accepted +a1 paused resumed", ExecutionStatus.Executing, "a1:running")]
    [TestCase("accepted paused resumed", ExecutionStatus.Waiting, "")]
    [TestCase("accepted +a1 fault", ExecutionStatus.Failed, "a1:paused")]
    [TestCase("accepted +a1 scopeViolated", ExecutionStatus.Failed, "a1:paused")]
    [TestCase("accepted +a1 -a1 completed", ExecutionStatus.Completed, "a1:finished")]
    [TestCase("accepted +a1 stopped", ExecutionStatus.Stopped, "a1:stopped")]
    [TestCase("accepted completed paused +a1", ExecutionStatus.Completed, "a1:running")]
    [TestCase("accepted novelty +a1", ExecutionStatus.Executing, "a1:running")]
    [TestCase("accepted -a1", ExecutionStatus.Waiting, "a1:finished")]
    [TestCase("accepted +a1 +a1 -a1 -a1", ExecutionStatus.Executing, "a1:finished")]
    public void Should_show_what_the_device_wrote(string journal, ExecutionStatus status, string actions) =>
        Assert.That(State(Make.Executed(journal)), Is.EqualTo((status, actions)));

    [Test]
    public void Should_change_nothing_the_second_time()
    {
        var entries = Make.Journal("accepted +a1 -a1 +a2");
        var once = Execution.None.Fold(entries);
        Assert.That(once.Fold(entries), Is.SameAs(once));
    }

    [Test]
    public void Should_refuse_to_pass_over_an_entry() =>
        Assert.That(() => Execution.None.Apply(Make.Entry(2, "accepted")), Throws.InvalidOperationException.With.Message.Contains("2"));

    [Test]
    public void Should_take_the_newest_revision_as_accepted_and_count_an_action_where_it_ends()
    {
        var execution = Make.Executed("accepted +a1").Fold(Make.Journal("accepted -a1", revision: 2, after: 2));
        Assert.That((execution.Revision, execution.AcceptedSeq, execution.Executed.Single().Revision), Is.EqualTo((2, 3L, 2)));
        var late = execution.Apply(Make.Entry(5, "novelty", revision: 1));
        Assert.That(late.Revision, Is.EqualTo(2));
    }

    [Test]
    public void Should_count_as_elapsed_only_the_time_it_ran()
    {
        var execution = Execution.None.Fold(
        [
            Make.Entry(1, "actionStarted", "a1", at: 10), Make.Entry(2, "paused", at: 15),
            Make.Entry(3, "resumed", at: 100), Make.Entry(4, "paused", at: 103), Make.Entry(5, "resumed", at: 200),
        ]);
        Assert.That(execution.Running!.ElapsedAt(Make.At(204)), Is.EqualTo(Make.Seconds(12)));
    }

    [Test]
    public void Should_keep_what_was_used_each_once_and_only_under_this_revision()
    {
        var use = """{"used":{"map":"SHA256:AB","x":7}}""";
        var execution = Execution.None.Fold([Make.Entry(1, "actionStarted", "a1", data: use), Make.Entry(2, "actionStarted", "a2", data: use)]);
        Assert.That(execution.Used, Is.EqualTo([new DataUse("map", "ab", "a1")]));
        Assert.That(execution.Apply(Make.Entry(3, "accepted", revision: 2)).Used, Is.Empty);
    }

    [Test]
    public void Should_survive_data_of_any_kind()
    {
        foreach (var data in new[] { "7", "[]", "null", """{"used":[],"reason":{},"actionType":1}""", """{"reason":"\ud800"}""" })
        {
            var execution = Execution.None.Fold([Make.Entry(1, "actionStarted", "a1", data: data), Make.Entry(2, "paused", data: data), Make.Entry(3, "actionFinished", data: data)]);
            Assert.That(execution.PausedReason, Is.EqualTo("self"), data);
        }
    }

    [Test]
    public void Should_stay_bounded_whatever_a_device_makes_up()
    {
        var execution = Execution.None.Fold(Enumerable.Range(1, 1500).Select(i => Make.Entry(i, i % 2 == 1 ? "actionStarted" : "actionFinished", $"x{i}")));
        Assert.That((execution.Executed.Length, execution.Seq), Is.EqualTo((Execution.MaxExecuted, 1500L)));
    }

    [Test]
    public void Should_come_back_from_its_row_as_it_was()
    {
        var execution = Make.Executed("accepted +a1 -a1 +a2 paused")
            .Skip(new(6, 7))
            .Observe(new(Make.At(50), ExecutionStatus.Paused, 1, 1, new Dictionary<string, SnapshotAction> { ["a2"] = new(ActionStatus.Paused, 0.4) }, [1, 2]));
        Assert.That(Make.Stored(Make.Reloaded(execution)), Is.EqualTo(Make.Stored(execution)));
        Assert.That(Make.Reloaded(execution).Actions["a2"].Progress, Is.EqualTo(0.4));
        Assert.That(Make.Stored(execution), Does.Contain("\"status\":\"paused\""));
        foreach (var entry in new[] { Make.Entry(1, "accepted"), Make.Entry(2, "paused", data: """{"reason":"hold"}""") })
        {
            Assert.That(Make.Stored(Make.Reloaded(entry)), Is.EqualTo(Make.Stored(entry)));
        }
    }
}

public class When_entries_arrive
{
    private static readonly JournalEntry[] All = Make.Journal("accepted +a1 -a1 +a2 -a2 +a3 -a3 completed");

    [Test]
    public void Should_apply_each_once_in_order_however_they_are_split_repeated_and_shuffled() =>
        Gen.Shuffle(All.Concat(All).ToArray()).SelectMany(order => Gen.Int[1, 5].Array[20].Select(sizes => (order, sizes))).Sample(given =>
        {
            var (execution, held, applied, from) = (Execution.None, (IReadOnlyList<JournalEntry>)[], new List<JournalEntry>(), 0);
            foreach (var size in given.sizes.Append(100))
            {
                var taken = JournalIntake.Take(execution.Seq, held, given.order.Skip(from).Take(size), All.Length, execution.At);
                from += size;
                execution = execution.Fold(taken.Apply);
                held = taken.Held;
                applied.AddRange(taken.Apply);
                Assert.That(taken.Missing is null, Is.EqualTo(execution.Seq == All.Length), "a gap up to the tail is missing");
                Assert.That(taken.Missing?.From, Is.Null.Or.EqualTo(execution.Seq + 1));
            }
            Assert.That(applied, Is.EqualTo(All));
            Assert.That(Make.Stored(execution), Is.EqualTo(Make.Stored(Execution.None.Fold(All))));
            Assert.That(held, Is.Empty);
        }, iter: 500);

    [Test]
    public void Should_keep_what_is_behind_a_gap_and_name_the_gap()
    {
        var taken = JournalIntake.Take(1, [All[5]], [All[6], All[1], All[0]]);
        Assert.That(taken.Apply, Is.EqualTo([All[1]]));
        Assert.That(taken.Held, Is.EqualTo([All[5], All[6]]));
        Assert.That(taken.Missing, Is.EqualTo(new SeqRange(3, 5)));
    }

    [Test]
    public void Should_apply_what_follows_once_the_gap_is_given_up()
    {
        var execution = Execution.None.Fold(All[..2]).Skip(new(3, 5));
        Assert.That(execution.Skip(new(3, 5)), Is.SameAs(execution), "twice");
        var taken = JournalIntake.Take(execution.Seq, [All[5], All[6]], [All[3]]);
        Assert.That(taken.Apply, Is.EqualTo([All[5], All[6]]));
        Assert.That(execution.Fold(taken.Apply).Lost, Is.EqualTo([new SeqRange(3, 5)]));
        Assert.That(execution.Skip(new(6, 6)).Lost, Is.EqualTo([new SeqRange(3, 6)]));
        Assert.That(() => execution.Skip(new(8, 9)), Throws.InvalidOperationException);
    }

    [Test]
    public void Should_never_let_a_later_entry_be_earlier()
    {
        var taken = JournalIntake.Take(0, [], [Make.Entry(1, "accepted", at: 5), Make.Entry(2, "novelty", at: 3)], previousAt: Make.At(4));
        Assert.That(taken.Apply.Select(e => (e.At, e.Clamped)), Is.EqualTo([(Make.At(5), false), (Make.At(5), true)]));
    }
}

public class When_a_device_has_a_clock_of_its_own
{
    // The device's clock is a day ahead.
    private static DateTimeOffset Device(double seconds) => Make.At(seconds).AddDays(1);

    [Test]
    public void Should_trust_only_how_long_ago_it_says_it_was() =>
        Assert.That(EntryClock.Convert(Device(10), Device(25), Make.At(30), null), Is.EqualTo((Make.At(15), false)));

    [Test]
    public void Should_clamp_between_the_entry_before_and_the_receipt()
    {
        Assert.That(EntryClock.Convert(Device(40), Device(25), Make.At(30), null), Is.EqualTo((Make.At(30), true)));
        Assert.That(EntryClock.Convert(Device(10), Device(25), Make.At(30), Make.At(20)), Is.EqualTo((Make.At(20), true)));
    }

    [Test]
    public void Should_survive_any_instants() => Gen.DateTimeOffset.Array[4].Sample(at =>
    {
        var (converted, _) = EntryClock.Convert(at[0], at[1], at[2], at[3]);
        return converted >= at[3] && (converted <= at[2] || converted == at[3]);
    });
}

public class When_a_device_only_has_snapshots
{
    private static readonly Contract Plan = Make.Plan("a1", "a2", "a3");

    private static Snapshot Snapshot(ExecutionStatus status, double at, params (string Id, ActionStatus Status)[] actions) =>
        new(Make.At(at), status, 1, 1, actions.ToDictionary(a => a.Id, a => new SnapshotAction(a.Status)));

    private static string Words(IEnumerable<JournalEntry> entries) => string.Join(' ', entries.Select(e => e.Type switch
    {
        "actionStarted" => "+" + e.ActionId,
        "actionFinished" => "-" + e.ActionId,
        "actionFailed" => "!" + e.ActionId,
        "actionStopped" => "~" + e.ActionId,
        _ => e.Type,
    }));

    [Test]
    public void Should_write_what_must_have_happened_in_the_order_of_the_plan()
    {
        var first = Snapshots.Derive(Plan, Execution.None, Snapshot(ExecutionStatus.Executing, 10,
            ("x", ActionStatus.Finished), ("a2", ActionStatus.Running), ("a1", ActionStatus.Finished), ("a3", ActionStatus.Waiting)));
        Assert.That(Words(first), Is.EqualTo("accepted +a1 -a1 +a2 +x -x"));
        Assert.That(first, Is.All.Property(nameof(JournalEntry.Derived)).True.And.All.Property(nameof(JournalEntry.At)).EqualTo(Make.At(10)));
        var execution = Execution.None.Fold(first);
        var then = Snapshots.Derive(Plan, execution, Snapshot(ExecutionStatus.Completed, 20, ("a2", ActionStatus.Finished), ("a3", ActionStatus.Finished)));
        Assert.That(Words(then), Is.EqualTo("-a2 +a3 -a3 completed"));
        Assert.That(Divergences.Judge(Plan, execution.Fold(then), null, null, true, Make.T0).Flow.Extra, Is.EqualTo(["x"]));
    }

    [TestCase(ExecutionStatus.Paused, "paused")]
    [TestCase(ExecutionStatus.Failed, "fault")]
    [TestCase(ExecutionStatus.Stopped, "stopped")]
    [TestCase(ExecutionStatus.Executing, "")]
    [TestCase(ExecutionStatus.Unknown, "")]
    public void Should_write_how_it_stands(ExecutionStatus status, string words) =>
        Assert.That(Words(Snapshots.Derive(Plan, Make.Executed("accepted +a1"), Snapshot(status, 10))), Is.EqualTo(words));

    [Test]
    public void Should_derive_nothing_from_the_same_or_an_older_snapshot() =>
        Gen.Select(Gen.Enum<ExecutionStatus>(), Gen.Select(Gen.OneOf("a1", "a2", "a3", "x"), Gen.Enum<ActionStatus>()).Array[0, 6], Gen.Enum<ExecutionStatus>())
            .Sample((status, actions, next) =>
            {
                var seen = Snapshot(status, 10, [.. actions.DistinctBy(a => a.Item1).Select(a => (a.Item1, a.Item2))]);
                var execution = Execution.None.Fold(Snapshots.Derive(Plan, Execution.None, seen)).Observe(seen);
                Assert.That(Words(Snapshots.Derive(Plan, execution, seen)), Is.Empty);
                if (status != ExecutionStatus.Unknown)
                {
                    Assert.That(Words(Snapshots.Derive(Plan, execution, Snapshot(next, 9, [("a1", ActionStatus.Failed)]))), Is.Empty);
                }
            });

    private static Execution Take(Contract plan, Execution execution, Snapshot snapshot) =>
        execution.Fold(Snapshots.Derive(plan, execution, snapshot)).Observe(snapshot);

    [Test]
    public void Should_know_starts_and_ends_no_better_than_between_two_snapshots()
    {
        var first = Take(Plan, Execution.None, Snapshot(ExecutionStatus.Executing, 10, ("a1", ActionStatus.Running)));
        var then = Take(Plan, first, Snapshot(ExecutionStatus.Executing, 200, ("a1", ActionStatus.Finished), ("a2", ActionStatus.Running)));
        Assert.That((first.Of("a1")!.Slack > TimeSpan.FromDays(1), then.Of("a1")!.Slack, then.Of("a2")!.Slack), Is.EqualTo((true, Make.Seconds(190), Make.Seconds(190))));
        Assert.That(Make.Executed("accepted +a1 -a1").Of("a1")!.Slack, Is.EqualTo(TimeSpan.Zero), "a journal tells");

        // The projected band of the end of a1 is well before 200: it may have been then.
        var lost = Take(Plan, Take(Plan, Execution.None, Snapshot(ExecutionStatus.Waiting, 5)), Snapshot(ExecutionStatus.Executing, 10, ("a1", ActionStatus.Running)));
        var back = Take(Plan, lost, Snapshot(ExecutionStatus.Executing, 200, ("a1", ActionStatus.Finished), ("a2", ActionStatus.Running)));
        var basis = ProjectionBasis.From(Plan, lost, Make.T0);
        var judged = Divergences.Judge(Plan, back, Projection.At(basis, Make.At(200)), null, false, Make.At(200));
        Assert.That(judged is { Level: DivergenceLevel.Consistent, Time.Value: 0, EndsInside: 0, EndsOutside: 0 });
        Assert.That(Hindsight.IncorrectFor(basis, back, Make.At(10), Make.At(200)), Is.Null);
        var early = Take(Plan, lost, Snapshot(ExecutionStatus.Executing, 20, ("a1", ActionStatus.Finished)));
        Assert.That(Divergences.Judge(Plan, early, Projection.At(basis, Make.At(20)), null, false, Make.At(20)) is { Time.Value: > 0, EndsOutside: 1 });
    }

    /// <summary>The law: seen only now and then, the running action's truth is still inside the envelope.</summary>
    [Test]
    public void Should_never_exclude_the_truth() =>
        Gen.Select(Gen.Double[0, 30], Gen.Double[0, 30], Gen.Double.Unit, Gen.Double[0, 100]).Sample((begins, next, share, later) =>
        {
            // A began after the snapshot at 1 and before the one after, where it still ran.
            var plan = Make.Contract(Make.Action("A", 40, 60, 120), Make.Action("B", 20, 30, 60));
            var (start, takes) = (1 + begins, 40 + 80 * share);
            var seen = start + next;
            var execution = Take(plan, Take(plan, Execution.None, Snapshot(ExecutionStatus.Waiting, 1)), Snapshot(ExecutionStatus.Executing, seen, ("A", ActionStatus.Running)));
            var estimate = Projection.At(ProjectionBasis.From(plan, execution, Make.T0), Make.At(seen + later));
            Assert.That((start + takes - 1e-3, estimate.Actions[0].Earliest <= Make.At(start + takes + 1e-3), estimate.Actions[0].Latest >= Make.At(start + takes - 1e-3)),
                Is.EqualTo((start + takes - 1e-3, true, true)));
            var done = Math.Min(1, (seen + later - start) / takes) * Pert.Mean(plan.Actions[0].Duration) / plan.Actions.Sum(action => Pert.Mean(action.Duration));
            Assert.That(estimate.Progress.Low - 1e-6, Is.LessThanOrEqualTo(seen + later <= start + takes ? done : 1));
            Assert.That(estimate.Progress.High + 1e-6, Is.GreaterThanOrEqualTo(done));
        });

    [Test]
    public void Should_take_position_and_progress_from_the_newest_alone()
    {
        var execution = Make.Executed("accepted +a1");
        var seen = execution.Observe(new(Make.At(20), ExecutionStatus.Executing, 1, 1, new Dictionary<string, SnapshotAction> { ["a1"] = new(ActionStatus.Running, 0.5) }, [3, 4]));
        Assert.That((seen.Running!.Progress, seen.Running.SeenAt, seen.Position![1]), Is.EqualTo((0.5, Make.At(20), 4.0)));
        Assert.That(seen.Observe(Snapshot(ExecutionStatus.Executing, 19)), Is.SameAs(seen));
    }

    [Test]
    public void Should_believe_it_over_the_journal_only_where_entries_are_lost()
    {
        var finished = Snapshot(ExecutionStatus.Executing, 20, ("a1", ActionStatus.Finished), ("a2", ActionStatus.Running));
        Assert.That(Make.Executed("accepted +a1").Observe(finished).Running!.ActionId, Is.EqualTo("a1"));
        var lost = Make.Executed("accepted +a1").Skip(new(3, 4)).Observe(finished);
        Assert.That((lost.Of("a1")!.Status, lost.Running!.ActionId, lost.Running.SeenAt), Is.EqualTo((ActionStatus.Finished, "a2", Make.At(20))));
    }
}

public class When_an_operator_attests
{
    private static readonly Contract Plan = Make.Plan("a1", "a2", "a3");

    private static Execution Attest(Execution execution, ExecutionStatus status, params (string Id, ActionStatus Status)[] actions) =>
        Snapshots.Attest(Plan, execution, new(Make.At(50), status, 1, 0, actions.ToDictionary(a => a.Id, a => new SnapshotAction(a.Status)), [3, 4]));

    [Test]
    public void Should_be_taken_without_a_seq()
    {
        var attested = Attest(Make.Executed("accepted +a1"), ExecutionStatus.Executing, ("a1", ActionStatus.Finished), ("a2", ActionStatus.Running));
        Assert.That((attested.Seq, attested.AcceptedSeq, attested.At, attested.Position), Is.EqualTo((2L, 1L, Make.At(50), new double[] { 3, 4 })));
        Assert.That(attested.Executed.Select(record => $"{record.ActionId} {record.Status}"), Is.EqualTo(["a1 Finished", "a2 Running"]));
        Assert.That(attested.Executed.Select(record => (record.StartedAt is not null, record.EndedAt is not null)), Is.EqualTo(new[] { (true, false), (false, false) }), "when is not said");
        // The device's next entry follows the same seq, whatever was attested.
        Assert.That(attested.Apply(Make.Entry(3, "actionFinished", "a1", 60)).Seq, Is.EqualTo(3));
    }

    [Test]
    public void Should_complete_only_if_it_says_so()
    {
        (string, ActionStatus)[] all = [("a1", ActionStatus.Finished), ("a2", ActionStatus.Finished), ("a3", ActionStatus.Finished)];
        Assert.That(Attest(Make.Executed("accepted +a1"), ExecutionStatus.Executing, all).IsCompleted, Is.False);
        Assert.That(Attest(Make.Executed("accepted +a1"), ExecutionStatus.Completed, all).IsCompleted, Is.True);
    }

    [Test]
    public void Should_say_nothing_of_what_came_later_or_is_over()
    {
        var later = Execution.None.Apply(Make.Entry(1, "accepted", at: 51));
        Assert.That(Attest(later, ExecutionStatus.Completed, ("a1", ActionStatus.Finished)), Is.EqualTo(later));
        Assert.That(Attest(Make.Executed("accepted stopped"), ExecutionStatus.Completed).Status, Is.EqualTo(ExecutionStatus.Stopped));
    }
}
