namespace ExecutionManager.World.Tests;

public class When_a_journal_is_acknowledged_or_asked_for
{
    private Bench _bench = null!;

    [SetUp]
    public void Push()
    {
        _bench = Bench.Connected();
        _bench.Push(Bench.Contract());
    }

    [Test]
    public void Should_send_an_entry_again_until_it_is_acknowledged()
    {
        var first = _bench.Run(30).On("journal");
        var second = _bench.Run(25).On("journal");
        _bench.Ack(2);
        var third = _bench.Run(4).On("journal");

        Assert.That(first, Has.Count.EqualTo(1));
        Assert.That(first[0].GetProperty("entries").GetArrayLength(), Is.EqualTo(2));
        Assert.That(second, Is.Empty, "the second wait is twice as long");
        Assert.That(third, Is.Empty);
    }

    [Test]
    public void Should_double_the_wait_up_to_five_minutes()
    {
        _bench.Ack(2);
        _bench.Want("hold", 2);
        _bench.Run(10);
        var at = new List<double>();
        var start = _bench.Now;
        for (var i = 0; i < 1800; i++)
        {
            if (_bench.Run(1).On("journal").Count > 0)
                at.Add((_bench.Now - start).TotalSeconds);
        }

        var waits = at.Zip(at.Skip(1), (a, b) => b - a).ToArray();
        Assert.That(waits[0], Is.InRange(53, 61));
        Assert.That(waits[1], Is.InRange(107, 121));
        Assert.That(waits[^1], Is.InRange(269, 301));
    }

    [Test]
    public void Should_answer_a_report_from_the_seq_asked_for_to_the_tail_with_a_snapshot()
    {
        _bench.Run(70);
        _bench.Ack(4);
        var answer = _bench.Report(2).On("journal").Single();

        Assert.That(answer.GetProperty("entries").EnumerateArray().Select(e => e.Text("seq")), Is.EqualTo(new[] { "2", "3", "4" }));
        Assert.That(answer.Text("reportId"), Is.EqualTo(Bench.ReportId));
        Assert.That(answer.GetProperty("snapshot").Text("intentVersion"), Is.EqualTo("1"));
    }

    [Test]
    public void Should_answer_a_report_about_what_it_does_not_know()
    {
        var answer = _bench.Report(1, Bench.C2).On("journal").Single();

        Assert.That(answer.Text("tail"), Is.EqualTo("0"));
        Assert.That(answer.GetProperty("snapshot").Text("status"), Is.EqualTo("unknown"));
    }

    [Test]
    public void Should_not_answer_a_report_of_another_epoch() => Assert.That(_bench.Report(1, epoch: 9), Is.Empty);

    [Test]
    public void Should_stop_what_is_closed_while_it_is_not_over()
    {
        _bench.Ack(2, closed: true);
        _bench.Run(10);

        Assert.That(_bench.Journal(), Does.EndWith("actionStopped:a1 stopped"));
        _bench.Ack(4, closed: true);
        Assert.That(_bench.Device.Contracts, Is.Empty);
    }
}
