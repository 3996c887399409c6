using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ExecutionManager.Durability.Tests;

public sealed class When_a_message_is_scheduled(string kind) : ToyFile(kind)
{
    private readonly Guid counter = NewId.NextGuid();
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private DateTime InAnHour => clock.GetUtcNow().UtcDateTime.AddHours(1);

    private ToyHost Host() => Use(new ToyHost(File, configure: x => x.PollInterval = TimeSpan.FromDays(1), configureServices: x => x.AddSingleton<TimeProvider>(clock)));

    [Test]
    public async Task Should_be_sent_at_its_time_by_a_later_process_too()
    {
        var host = await Host().Start();
        await host.Bus.Publish(new Count(counter, 1));
        await host.Eventually(async () => await host.OutboxCount() == 0 && await host.Total(counter) == 1, "the counter runs");
        await host.Bus.Publish(new Arm(counter, InAnHour));
        await host.Eventually(async () => await host.OutboxCount() == 1, "the alarm is set");
        await host.Stop();

        var next = await Host().Start();
        clock.Advance(TimeSpan.FromMinutes(59));
        Assert.That(await next.Relay.RunOnce(), Is.Zero, "it is not due");
        clock.Advance(TimeSpan.FromMinutes(1));

        await next.Eventually(async () => await next.Read(db => db.Counters.Select(x => x.Rings).SingleAsync()) == 1, "it rings");
        await next.Eventually(async () => await next.OutboxCount() == 0, "its row ends");
    }

    [Test]
    public async Task Should_be_cancellable_from_outside_a_consumer()
    {
        var host = Host();
        var scheduled = await host.Get<StandaloneOutbox>().Scheduler.ScheduleSend(new Uri("queue:counter"), InAnHour, new Rang(counter));
        await host.InScope(async scope =>
        {
            await scope.GetRequiredService<IMessageScheduler>().ScheduleSend(new Uri("queue:counter"), InAnHour, new Rang(counter));
            await scope.GetRequiredService<ToyContext>().SaveChangesAsync();
        });
        Assert.That(await host.Read(db => db.Outbox.CountAsync(x => x.DueAt == InAnHour)), Is.EqualTo(2));

        await host.InScope(scope => scope.GetRequiredService<IMessageScheduler>().CancelScheduledSend(new Uri("queue:counter"), scheduled.TokenId));

        Assert.That(await host.Read(db => db.Outbox.Select(x => x.SchedulingToken).SingleAsync()), Is.Not.EqualTo(scheduled.TokenId));
    }
}
