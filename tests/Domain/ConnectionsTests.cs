using CsCheck;

namespace ExecutionManager.Domain.Tests;

public class When_a_device_connects_and_disconnects
{
    private static ConnectionSignal Birth(long epoch, double at = 0, bool retained = false) =>
        new ConnectionSignal.Birth(epoch, Make.At(at), retained, Make.Seconds(5), EvidenceCapability.Journal, LeaseCapability.Enforced);

    private static ConnectionSignal Heard(long epoch, double at = 0, bool retained = false) => new ConnectionSignal.Heard(epoch, Make.At(at), retained);

    private static ConnectionSignal Clean(long epoch) => new ConnectionSignal.Ended(epoch, true);

    private static ConnectionSignal Broken(long epoch) => new ConnectionSignal.Ended(epoch, false);

    private static ConnectionSignal Silent(long epoch) => new ConnectionSignal.Silent(epoch);

    /// <summary>Signals one second apart: what is known at the end, and what each changed.</summary>
    private static (Connection? Known, ConnectionChange[] Changes) Hear(params ConnectionSignal[] signals)
    {
        Connection? known = null;
        var changes = signals.Select((signal, i) =>
        {
            (known, var change) = ConnectionOrder.Apply(known, signal, Make.At(i));
            return change;
        }).ToArray();
        return (known, changes);
    }

    [Test]
    public void Should_be_connected_from_its_birth_to_its_end()
    {
        var (known, changes) = Hear(Birth(7), Heard(7), Broken(7));
        Assert.That(changes, Is.EqualTo([ConnectionChange.Opened, ConnectionChange.None, ConnectionChange.Lost]));
        Assert.That(known, Is.EqualTo(new Connection(7, true, false, false, Make.At(2), Make.At(2), LossReason.Lost, Make.Seconds(5), EvidenceCapability.Journal, LeaseCapability.Enforced)));
    }

    [Test]
    public void Should_close_an_epoch_for_good_whatever_arrives_later_or_twice()
    {
        var (known, changes) = Hear(Birth(7), Clean(7), Heard(7), Birth(7), Birth(7, retained: true), Broken(7));
        Assert.That(changes[2..], Is.EqualTo([ConnectionChange.None, ConnectionChange.OutdatedEpoch, ConnectionChange.None, ConnectionChange.None]));
        Assert.That((known!.Connected, known.LostAt, known.LossReason), Is.EqualTo((false, (DateTimeOffset?)Make.At(1), (LossReason?)LossReason.Clean)));
    }

    [Test]
    public void Should_open_an_epoch_by_any_message_of_it_with_or_before_its_birth()
    {
        var (known, changes) = Hear(Birth(7), Heard(8, 1), Broken(7), Birth(8, 3));
        Assert.That(changes, Is.EqualTo([ConnectionChange.Opened, ConnectionChange.Opened, ConnectionChange.None, ConnectionChange.None]));
        Assert.That((known!.Epoch, known.Connected), Is.EqualTo((8L, true)));
        Assert.That(Hear(Heard(8)).Known!.ReportInterval, Is.Null);
        Assert.That(Hear(Heard(8), Birth(8)).Changes[1], Is.EqualTo(ConnectionChange.Noted));
    }

    [Test]
    public void Should_answer_an_older_birth_with_the_current_epoch()
    {
        var (known, changes) = Hear(Birth(7), Birth(6), Heard(6), Broken(6), Birth(6, retained: true));
        Assert.That(changes[1..], Is.EqualTo([ConnectionChange.OutdatedEpoch, ConnectionChange.None, ConnectionChange.None, ConnectionChange.None]));
        Assert.That(known!.Epoch, Is.EqualTo(7));
    }

    [Test]
    public void Should_never_be_confirmed_by_what_a_broker_kept()
    {
        var (known, changes) = Hear(Birth(7, retained: true), Heard(7, retained: true), Heard(7));
        Assert.That(changes, Is.EqualTo([ConnectionChange.Noted, ConnectionChange.None, ConnectionChange.Opened]));
        Assert.That(known!.Lease, Is.EqualTo(LeaseCapability.Enforced), "the birth is a help");
        Assert.That(Hear(Birth(7), Birth(8, retained: true)).Changes[1], Is.EqualTo(ConnectionChange.Lost), "the old epoch is over");
    }

    [Test]
    public void Should_not_be_confirmed_by_what_waited_in_a_queue() =>
        Assert.That(Hear(Birth(7, at: -3600), Heard(7, at: -16), Heard(7, at: -13)).Changes,
            Is.EqualTo([ConnectionChange.Noted, ConnectionChange.None, ConnectionChange.Opened]));

    [Test]
    public void Should_lose_a_silent_device_without_closing_and_revive_it_by_any_message()
    {
        var (known, changes) = Hear(Birth(7), Silent(7), Silent(7), Heard(7, 3));
        Assert.That(changes[1..], Is.EqualTo([ConnectionChange.Lost, ConnectionChange.None, ConnectionChange.Revived]));
        Assert.That((known!.Connected, known.LostAt), Is.EqualTo((true, (DateTimeOffset?)null)));
        var ended = Hear(Birth(7), Silent(7), Broken(7)).Known!;
        Assert.That((ended.LostAt, ended.LossReason, ended.Closed), Is.EqualTo(((DateTimeOffset?)Make.At(1), (LossReason?)LossReason.Lost, true)));
        Assert.That(Hear(Silent(7)), Is.EqualTo(((Connection?)null, (ConnectionChange[])[ConnectionChange.None])).Using<(Connection?, ConnectionChange[])>((a, b) => a.Item1 == b.Item1 && a.Item2.SequenceEqual(b.Item2)));
    }

    [Test]
    public void Should_end_the_same_in_any_order_and_with_any_repetition()
    {
        var signal = Gen.Select(Gen.Int[1, 4], Gen.Int[0, 6]).Select((epoch, kind) => kind switch
        {
            0 => Birth(epoch),
            1 => Birth(epoch, retained: true),
            2 => Heard(epoch),
            3 => Clean(epoch),
            4 => Broken(epoch),
            5 => Heard(epoch, at: -3600),
            _ => Silent(epoch),
        });
        signal.Array[1, 8].SelectMany(signals => Gen.Shuffle(signals.Concat(signals).ToArray()).Select(shuffled => (signals, shuffled))).Sample(both =>
        {
            var (one, other) = (Hear(both.signals).Known, Hear(both.shuffled).Known);
            var heard = both.signals.Where(s => s is not ConnectionSignal.Silent).ToArray();
            Assert.That((one?.Epoch, one?.Closed), Is.EqualTo((other?.Epoch, other?.Closed)));
            Assert.That(one?.Epoch, Is.EqualTo(heard.Length == 0 ? null : heard.Max(s => s.Epoch)));
            Assert.That(one?.Closed ?? false, Is.EqualTo(heard.Any(s => s is ConnectionSignal.Ended && s.Epoch == one!.Epoch)));
            Assert.That(one is { Connected: true, Closed: true } or { Connected: true, LostAt: not null } or { Connected: false, LostAt: null }, Is.False);
        }, iter: 5000);
    }

    [Test]
    public void Should_be_confirmed_only_by_a_fresh_message_of_this_epoch()
    {
        var connection = Hear(Birth(7)).Known;
        bool Confirmed(long epoch, double at, double now) => Connectivity.IsConfirmed(connection, new(epoch, Make.At(at), 0), Make.At(now));
        Assert.That(Confirmed(7, 10, 25), Is.True);
        Assert.That(Confirmed(7, 10, 25.1), Is.False);
        Assert.That(Confirmed(6, 25, 25), Is.False);
        Assert.That(Connectivity.IsConfirmed(connection, null, Make.T0), Is.False);
        Assert.That(Connectivity.IsConfirmed(null, new(7, Make.T0, 0), Make.T0), Is.False);
        Assert.That(Connectivity.IsConfirmed(Hear(Birth(7), Broken(7)).Known, new(7, Make.At(1), 0), Make.At(1)), Is.False);
        Assert.That(Connectivity.IsSilent(connection, new(7, Make.At(10), 0), Make.At(25.1)), Is.True);
        Assert.That(Connectivity.IsSilent(connection, new(7, Make.At(10), 0), Make.At(25)), Is.False);
        Assert.That(Connectivity.IsFresh(connection, Make.At(10), Make.At(25)), Is.True);
        Assert.That(Connectivity.IsFresh(connection, Make.At(10), Make.At(25.1)), Is.False);
        Assert.That(Connectivity.IsFresh(connection, null, Make.At(25)), Is.False);
        Assert.That(Connectivity.StaleAfter(Make.Seconds(5), Make.Seconds(60)), Is.EqualTo(Make.Seconds(60)));
        Assert.That(Connectivity.StaleAfter(TimeSpan.MaxValue), Is.LessThan(TimeSpan.FromDays(4)));
    }

    [Test]
    public void Should_change_nothing_before_the_grace_is_over()
    {
        var lost = Hear(Birth(7), Broken(7)).Known;
        Assert.That(Connectivity.IsLost(lost, Make.At(2.9), Make.Seconds(2)), Is.False);
        Assert.That(Connectivity.IsLost(lost, Make.At(3), Make.Seconds(2)), Is.True);
    }

    [Test]
    public void Should_come_back_from_its_row_as_it_was()
    {
        var connection = Hear(Birth(7), Silent(7)).Known;
        Assert.That(Make.Reloaded(connection), Is.EqualTo(connection));
    }
}

public class When_leases_are_granted
{
    [Test]
    public void Should_be_safe_to_reassign_after_drift_and_margin() =>
        Assert.That(Leases.SafeToReassignAt(Make.T0, Make.Seconds(600), Make.Seconds(10)), Is.EqualTo(Make.At(1.02 * 610 + 2)));

    [Test]
    public void Should_never_be_safe_earlier_than_before() =>
        Gen.Select(Gen.Double[0, 1000], Gen.Int[1, 600]).Array[1, 10].Sample(grants =>
        {
            DateTimeOffset? safe = null;
            foreach (var (at, validFor) in grants)
            {
                var next = Leases.SafeToReassignAt(safe, Make.At(at), Make.Seconds(validFor), Make.Seconds(10));
                Assert.That(next, Is.GreaterThanOrEqualTo(safe ?? next));
                safe = next;
            }
            Assert.That(safe, Is.EqualTo(grants.Max(g => Leases.SafeToReassignAt(Make.At(g.Item1), Make.Seconds(g.Item2), Make.Seconds(10)))));
        });

    /// <summary>Whatever the delays and a drift within the bound, the device stands before another may begin.</summary>
    [Test]
    public void Should_let_the_device_stand_before_another_may_begin() =>
        Gen.Select(Gen.Double[0, 100], Gen.Double[0, 10], Gen.Double[0, 1000], Gen.Double[1, 1000], Gen.Double[0, 60], Gen.Double[0.981, 1.02])
            .Sample((sentAt, delay, grantDelay, validFor, stopTime, speed) =>
            {
                // The device's clock runs at its own speed; it sends at sentAt, the grant echoes that clock however late it comes.
                var asOf = (long)(sentAt * speed * 1000);
                var stands = (Leases.EndMs(asOf, Make.Seconds(validFor)) / 1000.0 + stopTime) / speed;
                var heeded = Leases.IsGrant(asOf, Make.Seconds(validFor), (long)((sentAt + delay + grantDelay) * speed * 1000));
                return !heeded || Make.At(stands) <= Leases.SafeToReassignAt(Make.At(sentAt + delay), Make.Seconds(validFor), Make.Seconds(stopTime));
            });

    [Test]
    public void Should_renew_at_a_third_and_count_a_grant_from_what_the_device_sent()
    {
        Assert.That(Leases.RenewEvery(Make.Seconds(600)), Is.EqualTo(Make.Seconds(200)));
        Assert.That(Leases.EndMs(123_456, Make.Seconds(600)), Is.EqualTo(723_456));
        Assert.That(Leases.IsGrant(0, Make.Seconds(1), 1000), Is.False, "already over");
        Assert.That(Leases.OfflineUntil(LeaseCapability.Enforced, Make.At(700), Make.T0, Make.Seconds(600)), Is.EqualTo(Make.At(700)));
        Assert.That(Leases.OfflineUntil(LeaseCapability.None, Make.At(700), Make.T0, Make.Seconds(600)), Is.EqualTo(Make.At(600)));
        Assert.That(Leases.SafeToReassignAt(DateTimeOffset.MaxValue, Make.Seconds(1), Make.Seconds(1)), Is.EqualTo(DateTimeOffset.MaxValue));
    }
}

public class When_a_device_has_several_contracts
{
    private static readonly Guid A = new("aaaaaaaa-0000-0000-0000-000000000000");
    private static readonly Guid B = new("bbbbbbbb-0000-0000-0000-000000000000");

    private static TurnCandidate One(Guid id, int priority = 0, double accepted = 0) => new(id, priority, Make.At(accepted), null, null, true, false);

    private static Guid? Next(params TurnCandidate[] candidates) => Turns.Next(candidates, Make.At(100));

    [Test]
    public void Should_take_the_highest_priority_then_the_earliest_accepted()
    {
        Assert.That(Next(One(A, 1), One(B, 2)), Is.EqualTo(B));
        Assert.That(Next(One(A, 1, accepted: 2), One(B, 1, accepted: 1)), Is.EqualTo(B));
        Assert.That(Next(), Is.Null);
    }

    [Test]
    public void Should_never_pre_empt_a_running_one() => Assert.That(Next(One(A) with { Running = true }, One(B, 9)), Is.EqualTo(A));

    [Test]
    public void Should_pass_over_what_may_not_run()
    {
        TurnCandidate[] barred =
        [
            One(A, 9) with { AcceptedAt = null }, One(A, 9) with { MayRun = false },
            One(A, 9) with { NotBefore = Make.At(101) }, One(A, 9) with { LeaseEnd = Make.At(100) },
        ];
        Assert.That(barred.Select(one => Next(one, One(B))), Is.All.EqualTo(B));
        Assert.That(Next(One(A) with { NotBefore = Make.At(100), LeaseEnd = Make.At(101) }), Is.EqualTo(A));
    }
}
