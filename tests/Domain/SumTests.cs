using CsCheck;

namespace ExecutionManager.Domain.Tests;

public class When_durations_are_summed
{
    private static readonly Gen<ActionDuration> Durations = Gen.Select(Gen.Int[1, 60], Gen.Int[0, 60], Gen.Int[0, 60], Gen.Int[0, 3])
        .Select((min, rise, fall, kind) => kind == 0
            ? Make.Action("x", min, min + (rise % 2 == 0 ? 0 : fall), min + fall).Duration   // the mode at an end, or no width
            : Make.Action("x", min, min + rise, min + rise + fall).Duration);

    /// <summary>Within 0.01 and 1 s of the convolution, whatever runs, for however long, with whatever progress.</summary>
    [Test]
    public void Should_stay_close_to_their_convolution() =>
        Gen.Select(Durations.Array[1, 6], Gen.Double[0, 0.999], Gen.Double[0, 0.99], Gen.Int[0, 3]).Sample((durations, elapsed, progress, evidence) =>
        {
            double? e = evidence is 1 or 2 ? elapsed * durations[0].Max.TotalSeconds : null;
            double? p = evidence is 2 or 3 ? progress : null;
            var (sum, reference) = (new DurationSum(), new Reference(durations.Sum(d => d.Max.TotalSeconds) / 2000));
            for (var at = 0; at < durations.Length; at++)
            {
                if (at == 0 && evidence > 0)
                {
                    sum.Begin(durations[at], e, p);
                    reference.Begin(durations[at], e, p);
                }
                else
                {
                    sum.Add(durations[at]);
                    reference.Add(durations[at]);
                }
                foreach (var q in new[] { 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99 })
                {
                    var t = reference.Quantile(q);
                    Assert.That(sum.Quantile(q), Is.EqualTo(t).Within(1));
                    // Where all ends at one instant, the side of it is a matter of the grid.
                    Assert.That(sum.By(t), Is.InRange(reference.By(t - 0.5) - 0.01, reference.By(t + 0.5) + 0.01));
                    Assert.That(sum.By(sum.Quantile(q)), Is.EqualTo(q).Within(1e-6).Or.EqualTo(1));
                }
            }
        }, iter: 100);

    [Test]
    public void Should_know_a_single_one_and_its_tail_exactly()
    {
        var duration = Make.Action("A", 40, 60, 120).Duration;
        var (whole, rest) = (new DurationSum(), new DurationSum());
        whole.Add(duration);
        rest.Begin(duration, 75, null);
        foreach (var t in new double[] { 45, 60, 80, 110 })
        {
            Assert.That(whole.By(t), Is.EqualTo(Reference.Beta(duration, t)).Within(2e-4));
            Assert.That(rest.By(t - 75), Is.EqualTo(Reference.Rest(duration, 75, null, t - 75)).Within(2e-4));
        }
    }

    [Test]
    public void Should_keep_the_mean_and_variance_of_five_hundred()
    {
        var sum = new DurationSum();
        var durations = Enumerable.Range(0, 500).Select(i => Make.Action("x", 1 + i % 7, 10 + i % 50, 100 + i % 90).Duration).ToArray();
        foreach (var duration in durations)
        {
            sum.Add(duration);
        }
        var mean = durations.Sum(Pert.Mean);
        Assert.That(sum.Mean, Is.EqualTo(mean).Within(1e-6));
        // Of so many the sum is close to normal.
        var deviation = Math.Sqrt(durations.Sum(d => (Pert.Mean(d) - d.Min.TotalSeconds) * (d.Max.TotalSeconds - Pert.Mean(d)) / 7));
        Assert.That(sum.Quantile(0.95), Is.EqualTo(mean + 1.6449 * deviation).Within(0.02 * deviation));
        Assert.That(sum.Quantile(0.05), Is.EqualTo(mean - 1.6449 * deviation).Within(0.02 * deviation));
    }
}
