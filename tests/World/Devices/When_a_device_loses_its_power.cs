using ExecutionManager.Simulation;

namespace ExecutionManager.World.Tests;

public class When_a_device_loses_its_power
{
    [Test]
    public void Should_pause_and_keep_what_was_on_its_disk([Values] bool process)
    {
        var bench = Bench.Connected();
        bench.Push(Bench.Contract());
        bench.Ack(1);
        bench.Run(70);
        if (process)
            bench.Restart();
        else
            bench.Reboot();
        var birth = bench.Connect()[0];

        Assert.That(bench.Journal(), Is.EqualTo("accepted actionStarted:a1 actionFinished:a1 actionStarted:a2 paused:reboot"));
        Assert.That(birth.Text("uptimeMs"), Is.EqualTo("0"));
        Assert.That(birth.Text("connectionEpoch"), Is.EqualTo("2"));
        Assert.That(birth.GetProperty("contracts")[0].Text("ackedThrough"), Is.EqualTo("1"));
        Assert.That(bench.View().Progress, Is.EqualTo(10 / 60.0).Within(0.001));
    }

    [Test]
    public void Should_wait_for_a_grant_and_then_go_on()
    {
        var bench = Bench.Connected();
        bench.Push(Bench.Contract());
        bench.Run(30);
        bench.Reboot();
        bench.Connect();
        bench.Run(100);
        Assert.That(bench.Journal(), Does.EndWith("paused:reboot"));
        bench.Want("run", 1);
        bench.Run(100);

        Assert.That(bench.View().Status, Is.EqualTo(ContractStatus.Completed));
        Assert.That(bench.Device.Executions.Select(e => e.ActionId), Is.EqualTo(new[] { "a1", "a2" }));
    }

    [Test]
    public void Should_have_stopped_what_it_was_told_to_stop()
    {
        var bench = Bench.Connected();
        bench.Push(Bench.Contract());
        bench.Run(30);
        bench.Want("stop", 2);
        bench.Reboot();

        Assert.That(bench.Journal(), Does.EndWith("paused:reboot actionStopped:a1 stopped"));
    }

    [Test]
    public void Should_take_no_grant_that_echoes_a_clock_from_before()
    {
        var bench = Bench.Connected();
        bench.Push(Bench.Contract());
        bench.Run(30);
        var before = bench.AsOf;
        bench.Reboot();
        bench.Connect();
        bench.Want("run", 1, asOf: before);

        Assert.That(bench.View().LeaseEndsAt, Is.Null);
    }

    [Test]
    public void Should_list_nothing_after_losing_its_disk()
    {
        var bench = Bench.Connected();
        bench.Push(Bench.Contract());
        bench.Device.LoseStorage(bench.Now);
        var birth = bench.Connect()[0];

        Assert.That(birth.GetProperty("contracts").GetArrayLength(), Is.Zero);
        Assert.That(birth.Text("connectionEpoch"), Is.EqualTo("2"));
    }
}
