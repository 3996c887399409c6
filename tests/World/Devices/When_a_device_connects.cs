using System.Text.Json;
using ExecutionManager.Simulation;

namespace ExecutionManager.World.Tests;

public class When_a_device_connects
{
    [Test]
    public void Should_say_so_with_a_retained_birth_under_the_next_epoch()
    {
        var bench = new Bench();
        var first = bench.Connect();
        bench.Cut();
        var second = bench.Connect();

        Assert.That(bench.Sent[0].Retain, Is.True);
        Assert.That(first[0].Text("state"), Is.EqualTo("online"));
        Assert.That(first[0].Text("connectionEpoch"), Is.EqualTo("1"));
        Assert.That(first[0].Text("reportInterval"), Is.EqualTo("PT5S"));
        Assert.That(second[0].Text("connectionEpoch"), Is.EqualTo("2"));
    }

    [Test]
    public void Should_leave_a_will_without_times_and_a_clean_end_with_them()
    {
        var bench = new Bench();
        var will = JsonDocument.Parse(bench.Device.PrepareConnect().Payload).RootElement;
        bench.Connect();
        var end = JsonDocument.Parse(bench.Device.Disconnect(bench.Now, clean: true)[^1].Payload).RootElement;

        Assert.That(will.GetRawText(), Is.EqualTo("""{"state":"connectionBroken","connectionEpoch":1}"""));
        Assert.That(bench.Device.Epoch, Is.EqualTo(1), "the will is that of the connection it was made for");
        Assert.That(end.Text("state"), Is.EqualTo("offline"));
        Assert.That(end.Text("uptimeMs"), Is.EqualTo("0"));
    }

    [Test]
    public void Should_list_its_contracts_and_send_every_entry_not_acknowledged_with_a_snapshot_at_the_tail()
    {
        var bench = Bench.Connected();
        bench.Push(Bench.Contract());
        bench.Ack(1);
        bench.Cut();
        bench.Run(70);
        var back = bench.Connect();

        var listed = back.On("connection")[0].GetProperty("contracts")[0];
        Assert.That(listed.Text("status"), Is.EqualTo("executing"));
        Assert.That(listed.Text("tail"), Is.EqualTo("4"));
        Assert.That(listed.Text("ackedThrough"), Is.EqualTo("1"));
        var journal = back.On("journal").Single();
        Assert.That(journal.GetProperty("entries").EnumerateArray().Select(e => e.Text("seq")), Is.EqualTo(new[] { "2", "3", "4" }));
        var snapshot = journal.GetProperty("snapshot");
        Assert.That(snapshot.GetProperty("actions").GetProperty("a1").Text("status"), Is.EqualTo("finished"));
        Assert.That(snapshot.GetProperty("actions").GetProperty("a2").GetProperty("progress").GetDouble(), Is.EqualTo(10 / 60.0).Within(0.001));
        Assert.That(snapshot.GetProperty("position")[0].GetDouble(), Is.EqualTo(10).Within(0.01));
    }

    [Test]
    public void Should_send_the_snapshot_also_when_there_is_nothing_new()
    {
        var bench = Bench.Connected();
        bench.Push(Bench.Contract());
        bench.Ack(2);
        bench.Cut();
        var journal = bench.Connect().On("journal").Single();

        Assert.That(journal.GetProperty("entries").GetArrayLength(), Is.Zero);
        Assert.That(journal.Text("tail"), Is.EqualTo("2"));
        Assert.That(journal.TryGetProperty("snapshot", out _), Is.True);
    }

    [Test]
    public void Should_split_a_long_journal_into_messages_of_a_hundred()
    {
        var bench = Bench.Connected();
        bench.Push(Bench.Contract(actions: [.. Enumerable.Range(1, 60).Select(i => $"a{i}")]), validFor: 7200);
        bench.Cut();
        bench.Run(3600);
        var journal = bench.Connect().On("journal");

        Assert.That(journal.Select(j => j.GetProperty("entries").GetArrayLength()), Is.EqualTo(new[] { 100, 22 }));
        Assert.That(journal.Select(j => j.TryGetProperty("snapshot", out _)), Is.EqualTo(new[] { false, true }));
    }

    [Test]
    public void Should_go_above_an_epoch_it_is_told_of()
    {
        var bench = Bench.Connected();
        bench.SendRaw("rejected", """{"topic":"connection","reason":"epochTooOld","detail":"","currentEpoch":9}""");
        Assert.That(bench.Device.WantsReconnect, Is.True);
        bench.Cut();

        Assert.That(bench.Connect()[0].Text("connectionEpoch"), Is.EqualTo("10"));
        Assert.That(bench.Device.WantsReconnect, Is.False);
    }

    [Test]
    public void Should_send_something_at_least_every_report_interval()
    {
        var bench = Bench.Connected();
        var telemetry = bench.Run(60).On("telemetry");

        Assert.That(telemetry, Has.Count.EqualTo(12));
        Assert.That(telemetry[0].Text("contractId"), Is.Null, "bare it is a heartbeat");
        Assert.That(bench.Sent[^1].Qos, Is.Zero);
    }

    [Test]
    public void Should_tell_a_snapshot_only_device_by_journals_without_entries()
    {
        var bench = Bench.Connected(new DeviceProfile { DeviceId = "agv-17", KeepsJournal = false, EnforcesLease = false });
        var pushed = bench.Push(Bench.Contract()).On("journal");

        Assert.That(pushed, Has.Count.EqualTo(1));
        Assert.That(pushed[0].Text("tail"), Is.EqualTo("0"));
        Assert.That(pushed[0].GetProperty("entries").GetArrayLength(), Is.Zero);
        Assert.That(pushed[0].GetProperty("snapshot").Text("status"), Is.EqualTo("executing"));
    }

    [Test]
    public void Should_stamp_what_it_sends_with_its_own_wrong_clocks()
    {
        var bench = new Bench(new DeviceProfile { DeviceId = "agv-17", ClockSkew = TimeSpan.FromHours(-1), UptimeDrift = 0.01 });
        bench.Run(100);
        var birth = bench.Connect()[0];

        Assert.That(birth.GetProperty("sentAt").GetDateTimeOffset(), Is.EqualTo(bench.Now - TimeSpan.FromHours(1)));
        Assert.That(birth.Text("uptimeMs"), Is.EqualTo("101000"));
        Assert.That(birth.Text("sentAt"), Does.EndWith("Z"));
    }
}
