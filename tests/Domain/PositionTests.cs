using CsCheck;

namespace ExecutionManager.Domain.Tests;

public class When_a_position_is_projected
{
    private static PlannedAction Drive(string id, string coordinates, double min = 40, double mode = 60, double max = 120) =>
        Make.Action(id, min, mode, max) with { Path = Make.Json($$"""{"type":"LineString","coordinates":{{coordinates}}}""") };

    private static Estimate At(Contract plan, double t0, double now, double? progress = null) =>
        Projection.At(new(plan, Execution.None.Fold([Make.Entry(1, "accepted"), Make.Entry(2, "actionStarted", plan.Actions[0].ActionId)]), Make.At(t0), progress), Make.At(now));

    [Test]
    public void Should_lie_on_the_path_of_the_most_likely_action()
    {
        // Half of what takes 60 s on a line with a corner: 15 of 30 metres.
        var plan = Make.Contract(Drive("A", "[[0,0],[10,0],[10,20]]", 60, 60, 60));
        var position = At(plan, 0, 30).Position!;
        Assert.That((position.Expected, position.Radius), Is.EqualTo((new[] { 10.0, 5.0 }, 0.0)));
    }

    [Test]
    public void Should_reach_from_the_slowest_to_the_fastest()
    {
        // After 30 s an action of 40 to 120 s is done to between a quarter and three quarters.
        var plan = Make.Contract(Drive("A", "[[0,0],[100,0]]"));
        var position = At(plan, 0, 30).Position!;
        Assert.That(position.Expected[0], Is.InRange(30.0 * 100 / 70, 30.0 * 100 / 55), "about 30 s of a mean of 66.7 s");
        Assert.That(position.Expected[0] + position.Radius, Is.GreaterThanOrEqualTo(75 - 1e-9));
        Assert.That(position.Expected[0] - position.Radius, Is.LessThanOrEqualTo(25 + 1e-9));
    }

    [Test]
    public void Should_be_expected_by_what_an_action_takes_that_is_not_over()
    {
        // A is over at 60; 30 s later B, which takes 40 to 120 s, is done to about 30 of 55 to 70 s.
        var plan = Make.Contract(Make.Action("A", 60, 60, 60), Drive("B", "[[0,0],[100,0]]"));
        Assert.That(At(plan, 0, 90).Position!.Expected[0], Is.InRange(30.0 * 100 / 70, 30.0 * 100 / 55));
    }

    [Test]
    public void Should_go_on_from_the_progress_that_was_reported()
    {
        var plan = Make.Contract(Drive("A", "[[0,0],[100,0]]"));
        Assert.That(At(plan, 30, 30, progress: 0.8).Position!.Expected[0], Is.EqualTo(80).Within(1e-9));
        Assert.That(At(plan, 30, 36, progress: 0.8).Position!.Expected[0], Is.InRange(85, 98));
    }

    [TestCase(null, 30, Description = "no path")]
    [TestCase("wait", -5, Description = "not begun")]
    public void Should_be_absent_where_nothing_is_known(string? kind, double now)
    {
        var plan = Make.Contract(kind is null ? Make.Action("A") : Drive("A", "[[0,0],[1,0]]"));
        var basis = kind is null ? new ProjectionBasis(plan, Make.Executed("accepted +A"), Make.T0) : new ProjectionBasis(plan with { Scope = plan.Scope with { NotBefore = Make.At(1) } }, Make.Executed("accepted"), Make.At(-10));
        Assert.That(Projection.At(basis, Make.At(now)).Position, Is.Null);
    }

    // Lengths of one degree on the WGS 84 ellipsoid, from published tables.
    [TestCase(0, 0, 1, 0, 111_319.5)]
    [TestCase(0, -0.5, 0, 0.5, 110_574.3)]
    [TestCase(0, 60, 1, 60, 55_800.0)]
    [TestCase(0, 59.5, 0, 60.5, 111_412.3)]
    [TestCase(179.5, 0, -179.5, 0, 111_319.5, Description = "across the date line")]
    public void Should_be_measured_in_metres_on_the_ellipsoid(double x, double y, double toX, double toY, double metres)
    {
        Assert.That(Metres.Between(Frames.Wgs84, [x, y], [toX, toY]), Is.EqualTo(metres).Within(2));
        var plan = Make.Contract(Drive("A", FormattableString.Invariant($"[[{x},{y}],[{toX},{toY}]]"))) with { Frame = Frames.Wgs84 };
        Assert.That(At(plan, 0, 30).Position!.Radius, Is.InRange(0.25 * metres, 0.5 * metres), "a radius in degrees would be below 1");
    }

    /// <summary>The law: wherever a device that keeps to durations and paths is, it is within the radius.</summary>
    [Test]
    public void Should_hold_wherever_the_device_truly_is() =>
        Gen.Select(
            Gen.Select(Gen.Int[1, 50], Gen.Int[0, 50], Gen.Int[0, 50], Gen.Double.Unit, Gen.Double[-100, 100], Gen.Double[-100, 100]).Array[1, 5],
            Gen.Double.Unit, Gen.Double[0, 200])
        .Sample((actions, share, later) =>
        {
            var (plan, takes, corners) = (new List<PlannedAction>(), new List<double>(), new List<double[]> { new double[] { 0, 0 } });
            foreach (var (min, rise, fall, place, x, y) in actions)
            {
                plan.Add(Drive($"a{plan.Count}", FormattableString.Invariant($"[[{corners[^1][0]:R},{corners[^1][1]:R}],[{x:R},{y:R}]]"), min, min + rise, min + rise + fall));
                takes.Add(min + place * (rise + fall));
                corners.Add([x, y]);
            }
            var ends = takes.Select((_, i) => takes.Take(i + 1).Sum()).ToArray();
            var t0 = share * ends[^1] * 0.999;
            var running = Array.FindIndex(ends, end => end > t0);
            var entries = Enumerable.Range(0, running).SelectMany(i => new[] { ("actionStarted", i, ends[i] - takes[i]), ("actionFinished", i, ends[i]) })
                .Append(("actionStarted", running, ends[running] - takes[running]));
            var execution = Execution.None.Fold(entries.Select((e, i) => Make.Entry(i + 1, e.Item1, $"a{e.Item2}", e.Item3)));
            var estimate = Projection.At(new(Make.Contract([.. plan]), execution, Make.At(t0)), Make.At(t0 + later));
            var current = Array.FindIndex(ends, end => end > t0 + later);
            if (current >= 0 && estimate.Position is { } position)
            {
                var done = (t0 + later - (ends[current] - takes[current])) / takes[current];
                double[] truth = [.. corners[current].Zip(corners[current + 1], (from, to) => from + done * (to - from))];
                Assert.That(Metres.Between("hall", position.Expected, truth), Is.LessThanOrEqualTo(position.Radius + 1e-3));
            }
        }, iter: 3000);
}
