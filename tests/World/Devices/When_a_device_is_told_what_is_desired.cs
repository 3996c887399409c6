using ExecutionManager.Simulation;

namespace ExecutionManager.World.Tests;

public class When_a_device_is_told_what_is_desired
{
    private Bench _bench = null!;

    [SetUp]
    public void Push()
    {
        _bench = Bench.Connected();
        _bench.Push(Bench.Contract(), validFor: 60);
        _bench.Run(10);
    }

    [Test]
    public void Should_answer_a_hold_only_once_it_stands_still()
    {
        var answer = _bench.Want("hold", 2);
        var later = _bench.Run(10);

        Assert.That(answer.Result(), Is.Null);
        Assert.That(later.Result(), Is.EqualTo("done"));
        Assert.That(_bench.Journal(), Is.EqualTo("accepted actionStarted:a1 paused:hold"));
        Assert.That(_bench.Device.IsExecuting, Is.False);
    }

    [Test]
    public void Should_journal_before_it_answers()
    {
        _bench.Want("stop", 2);
        var topics = _bench.Run(10).Select(m => m.Text("topic")).Where(t => t != "telemetry");

        Assert.That(topics, Is.EqualTo(new[] { "journal", "desired/ack" }));
        Assert.That(_bench.Journal(), Does.EndWith("actionStopped:a1 stopped"));
    }

    [Test]
    public void Should_resume_where_it_stopped()
    {
        _bench.Want("hold", 2);
        _bench.Run(20);
        var at = _bench.View().Progress;
        _bench.Want("run", 3);

        Assert.That(_bench.Journal(), Does.EndWith("paused:hold resumed"));
        Assert.That(_bench.View().Progress, Is.EqualTo(at));
    }

    [Test]
    public void Should_ignore_an_older_intent()
    {
        _bench.Want("hold", 5);
        _bench.Run(10);

        Assert.That(_bench.Want("run", 4), Is.Empty);
        Assert.That(_bench.View().Status, Is.EqualTo(ContractStatus.Paused));
    }

    [Test]
    public void Should_answer_an_intent_it_knows_with_silence() => Assert.That(_bench.Want("run", 1), Is.Empty);

    [Test]
    public void Should_refuse_another_epoch() => Assert.That(_bench.Want("hold", 2, epoch: 8).Result(), Is.EqualTo("refused"));

    [Test]
    public void Should_say_which_contract_it_does_not_know() =>
        Assert.That(_bench.Want("run", 2, Bench.C2).Result(), Is.EqualTo("unknownContract"));

    [Test]
    public void Should_stop_safely_when_the_lease_ends_and_go_on_with_the_next_grant()
    {
        _bench.Run(100);
        var view = _bench.View();
        var move = _bench.Device.Movements[^1];

        Assert.That(_bench.Journal(), Does.EndWith("paused:leaseEnd"));
        Assert.That(move.To, Is.InRange(view.LeaseEndsAt!.Value, view.LeaseEndsAt.Value + view.StopTime));
        _bench.Want("run", 1);
        Assert.That(_bench.Journal(), Does.EndWith("paused:leaseEnd resumed"));
    }

    [Test]
    public void Should_count_the_lease_from_what_it_sent_however_late_the_grant_comes()
    {
        var asOf = _bench.AsOf;
        _bench.Run(40);
        _bench.Want("run", 1, asOf: asOf, validFor: 60);

        Assert.That(_bench.View().LeaseEndsAt, Is.EqualTo(_bench.Now - TimeSpan.FromSeconds(40) + TimeSpan.FromSeconds(60)));
    }

    [Test]
    public void Should_take_the_newest_asOf_and_no_grant_that_is_over()
    {
        _bench.Want("run", 1, asOf: 9_000, validFor: 60);
        _bench.Want("run", 1, asOf: 8_000, validFor: 600);
        Assert.That(_bench.View().LeaseEndsAt, Is.EqualTo(_bench.Now + TimeSpan.FromSeconds(59)));
        _bench.Want("run", 1, asOf: 9_500, validFor: 0.1);
        Assert.That(_bench.View().LeaseEndsAt, Is.EqualTo(_bench.Now + TimeSpan.FromSeconds(59)));
    }

    [Test]
    public void Should_keep_the_lease_over_a_reconnect_and_lose_it_with_a_reboot()
    {
        _bench.Cut();
        _bench.Connect();
        Assert.That(_bench.View().LeaseEndsAt, Is.Not.Null);
        _bench.Reboot();
        Assert.That(_bench.View().LeaseEndsAt, Is.Null);
    }

    [Test]
    public void Should_go_on_without_a_lease_where_none_is_enforced()
    {
        var bench = Bench.Connected(new DeviceProfile { DeviceId = "agv-17", EnforcesLease = false });
        bench.Push(Bench.Contract(), validFor: 1);
        bench.Run(130);
        Assert.That(bench.View().Status, Is.EqualTo(ContractStatus.Completed));
    }

    [Test]
    public void Should_let_another_contract_run_while_one_is_held()
    {
        _bench.Push(Bench.Contract(Bench.C2, ["b1"]));
        _bench.Want("hold", 2);
        _bench.Run(20);

        Assert.That(_bench.Device.Current!.ContractId, Is.EqualTo(Bench.C2));
    }

    [Test]
    public void Should_answer_completed_when_a_stop_comes_too_late()
    {
        _bench.Run(10);
        var bench = Bench.Connected();
        bench.Push(Bench.Contract());
        bench.Run(130);

        Assert.That(bench.Want("stop", 2).Result(), Is.EqualTo("done"));
        Assert.That(bench.Journal(), Does.EndWith("completed"));
    }
}
