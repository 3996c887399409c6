using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ExecutionManager.Durability.Tests;

/// <summary>The database stays, and the next process has the other bus. Neither is started: what the relay gives to its transport is looked at.</summary>
public sealed class When_the_transport_changes(string kind) : ToyFile(kind)
{
    private readonly Guid counter = NewId.NextGuid();
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly Network network = new();

    private ToyHost Host(bool hasBroker) => Use(new ToyHost(
        File, null, x => x.RunRelay = false, x => x.AddSingleton<TimeProvider>(clock).AddSingleton<IOutboxSender>(network), hasBroker ? "rabbitmq://localhost/" : null));

    [Test]
    public async Task Should_reach_its_own_endpoints_with_all_that_was_stored_before([Values] bool toBroker)
    {
        var (before, after) = toBroker ? ("counter", "exchange:counter") : ("exchange:counter", "counter");
        var former = Host(hasBroker: !toBroker);
        var outbox = former.Get<StandaloneOutbox>();
        var dueLater = clock.GetUtcNow().UtcDateTime.AddHours(1);
        await outbox.Scheduler.ScheduleSend(new Uri("queue:counter"), dueLater, new Rang(counter));
        await outbox.SendEndpointProvider.Send(new Break(counter), "counter");
        await outbox.SendEndpointProvider.Send(new Count(counter, 1), "counter");
        await former.Read(db => db.Outbox.Where(x => x.MessageType.Contains("Break")).ExecuteUpdateAsync(
            x => x.SetProperty(p => p.ParkedAt, dueLater).SetProperty(p => p.DueAt, (DateTime?)null).SetProperty(p => p.LastError, "Refused.")));
        Assert.That(await Destinations(former), Is.EqualTo((string[])[before, before, before]));

        var next = Host(hasBroker: toBroker);
        await next.Relay.Recover();
        Assert.That(await Destinations(next), Is.EqualTo((string[])[after, after, after]));
        Assert.That(await next.Relay.RunOnce(), Is.EqualTo(1), "neither what is due later nor what is parked");
        clock.Advance(TimeSpan.FromHours(1));
        Assert.That(await next.Relay.RunOnce(), Is.EqualTo(1));
        await next.InScope(async x => await x.GetRequiredService<ParkedMessages>().SendAgain((await x.GetRequiredService<ParkedMessages>().List(1))[0].MessageId));
        Assert.That(await next.Relay.RunOnce(), Is.EqualTo(1));
        Assert.That(network.Sent.Select(x => x.Destination), Is.EqualTo((string[])[after, after, after]));
        Assert.That(await next.OutboxCount(), Is.EqualTo(toBroker ? 0 : 3), "a broker has it when it is sent, memory when it is consumed");
    }

    [Test]
    public async Task Should_send_to_the_broker_what_was_under_way_in_memory()
    {
        var former = Host(hasBroker: false);
        await former.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Count(counter, 1));
        await former.Relay.RunOnce();

        var next = Host(hasBroker: true);
        await next.Relay.Recover();
        await next.Relay.RunOnce();
        Assert.That((network.Sent[^1].Destination, await next.OutboxCount()), Is.EqualTo(("exchange:counter", 0)));
    }

    [Test]
    public async Task Should_move_what_waits_for_an_endpoint_that_is_gone_to_one_at_the_broker()
    {
        var former = Use(new ToyHost(
            File, x => x.AddConsumer<SecondListener>(), x => x.RunRelay = false, x => x.AddSingleton<TimeProvider>(clock).AddSingleton<IOutboxSender>(network)));
        await former.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Counted(counter, 1));

        var next = Host(hasBroker: true);
        await next.Relay.Recover();
        Assert.That(await Destinations(next), Is.EqualTo((string[])["exchange:first-listener"]));
    }

    [SetUp]
    public void Clear() => network.Clear();

    private static Task<List<string>> Destinations(ToyHost host) => host.Read(db => db.Outbox.OrderBy(x => x.Sequence).Select(x => x.Destination).ToListAsync());
}
