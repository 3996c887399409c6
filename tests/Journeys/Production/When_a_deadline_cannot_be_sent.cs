using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Journeys.Tests;

/// <summary>The wait of the oldest message counts from when it should have gone, however often it was tried since.</summary>
public sealed class When_a_deadline_cannot_be_sent
{
    [Test]
    [CancelAfter(30_000)]
    public async Task Should_show_how_long_ago_it_was_due(CancellationToken cancellation)
    {
        await using var host = await ApiHost.Run(compose: services =>
            services.AddSingleton<IOutboxSender, Refusing>().Configure<DurabilityOptions>(options => options.RunRelay = false));
        var due = ApiHost.Start.AddHours(1);
        await host.Service<StandaloneOutbox>().Scheduler.ScheduleSend(
            Deadlines.ContractQueue, due.UtcDateTime, new DeadlineReached(Guid.NewGuid(), DeadlineKind.Accept, Guid.NewGuid(), due, false), cancellation);
        Assert.That(await Waiting(ApiHost.Start.AddMinutes(59.5)), Is.EqualTo((0, 0)), "it is not due");
        for (var seconds = 0; seconds < 30; seconds += 10)
        {
            host.Clock.Now = due.AddSeconds(seconds);
            Assert.That(await host.Service<Relay>().RunOnce(cancellation), Is.EqualTo(1));
            Assert.That(await Waiting(host.Clock.Now), Is.EqualTo((1, seconds)));
        }

        async Task<(int Depth, double Oldest)> Waiting(DateTimeOffset now)
        {
            StoreGauges gauges = null!;
            await host.Store(async db => gauges = await StoreGauges.Read(db, true, now, cancellation));
            return (gauges.OutboxDepth, gauges.OutboxOldestSeconds);
        }
    }

    private sealed class Refusing : IOutboxSender
    {
        public bool IsAvailable => true;

        public Task Send(OutboxMessage message, CancellationToken cancellationToken) => throw new InvalidOperationException("Refused.");
    }
}
