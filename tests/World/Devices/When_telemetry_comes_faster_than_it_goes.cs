using ExecutionManager.Adapters;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.World.Tests;

public class When_telemetry_comes_faster_than_it_goes
{
    [Test]
    public async Task Should_keep_the_latest_per_contract_and_device()
    {
        var samples = new LatestSamples(10);
        foreach (var (device, uptime) in new[] { ("a", 1L), ("b", 1), ("a", 3), ("a", 2), ("b", 2) })
            samples.Offer(Sample(device, uptime));
        samples.Offer(Sample("a", 9, contractId: Guid.Empty));
        var taken = await samples.Take(10, CancellationToken.None);

        Assert.That(taken.Select(s => (s.DeviceId, s.UptimeMs, s.ContractId)), Is.EqualTo(new (string, long, Guid?)[] { ("a", 3, null), ("b", 2, null), ("a", 9, Guid.Empty) }));
    }

    [Test]
    public void Should_take_a_younger_epoch_for_later_whatever_its_clock_says()
    {
        var samples = new LatestSamples(10);
        samples.Offer(Sample("a", 900, epoch: 1));
        Assert.That(samples.Offer(Sample("a", 5, epoch: 2)), Is.True);
        Assert.That(samples.Offer(Sample("a", 901, epoch: 1)), Is.False);
    }

    [Test]
    public void Should_stay_bounded_and_still_take_news_of_what_waits()
    {
        var samples = new LatestSamples(2);
        samples.Offer(Sample("a", 1));
        samples.Offer(Sample("b", 1));
        Assert.That(samples.Offer(Sample("c", 1)), Is.False);
        Assert.That(samples.Offer(Sample("a", 2)), Is.True);
    }

    [Test]
    public async Task Should_give_it_in_batches()
    {
        var samples = new LatestSamples(10);
        foreach (var device in new[] { "a", "b", "c" })
            samples.Offer(Sample(device, 1));

        Assert.That((await samples.Take(2, CancellationToken.None)).Select(s => s.DeviceId), Is.EqualTo(new[] { "a", "b" }));
        Assert.That((await samples.Take(2, CancellationToken.None)).Select(s => s.DeviceId), Is.EqualTo(new[] { "c" }));
        Assert.That(samples.Take(2, CancellationToken.None).IsCompleted, Is.False);
    }

    private static TelemetrySample Sample(string deviceId, long uptimeMs, long epoch = 1, Guid? contractId = null) => new()
    {
        DeviceId = deviceId,
        ContractId = contractId,
        ConnectionEpoch = epoch,
        UptimeMs = uptimeMs,
        At = default,
        ReceivedAt = default,
    };
}
