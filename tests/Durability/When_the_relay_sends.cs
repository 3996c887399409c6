using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ExecutionManager.Durability.Tests;

public sealed class When_the_relay_sends(string kind) : ToyFile(kind)
{
    private readonly Guid counter = NewId.NextGuid();
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly Network network = new();

    private ToyHost Host(Action<DurabilityOptions>? configure = null, Action<IBusRegistrationConfigurator>? bus = null) => Use(new ToyHost(
        File,
        bus,
        x =>
        {
            x.RunRelay = false;
            configure?.Invoke(x);
        },
        x => x.AddSingleton<TimeProvider>(clock).AddSingleton<IOutboxSender>(network)));

    [SetUp]
    public void Clear() => network.Clear();

    [Test]
    public async Task Should_send_the_others_and_park_the_one_that_always_fails()
    {
        var host = Host(x => x.MaxAttempts = 3);
        var outbox = host.Get<StandaloneOutbox>();
        await outbox.PublishEndpoint.Publish(new Break(counter));
        network.Refuses = "Break";

        var waits = new List<TimeSpan>();
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            await outbox.PublishEndpoint.Publish(new Count(counter, attempt));
            await host.Relay.RunOnce();
            Assert.That(network.Sent, Has.Count.EqualTo(attempt), "the good ones go out");
            if (await host.Relay.NextDue() is { } due)
            {
                waits.Add(due - clock.GetUtcNow());
                clock.SetUtcNow(due);
            }
        }

        Assert.That(waits, Is.EqualTo((TimeSpan[])[TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)]));
        var parked = await host.Read(db => db.Outbox.SingleAsync(x => x.ParkedAt != null));
        Assert.That((parked.Attempts, parked.LastError), Is.EqualTo((3, "Refused.")));
        Assert.That(await host.Relay.RunOnce(), Is.Zero, "it is left alone");

        network.Refuses = null;
        await host.InScope(x => x.GetRequiredService<ParkedMessages>().SendAgain(parked.MessageId));
        await host.Relay.RunOnce();
        Assert.That(network.Sent[^1].MessageId, Is.EqualTo(parked.MessageId));
    }

    [Test]
    public async Task Should_not_count_attempts_while_the_bus_is_away()
    {
        var host = Host(x => x.MaxAttempts = 1);
        await host.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Count(counter, 1));
        network.IsAway = true;
        await host.Relay.RunOnce();

        var row = await host.Read(db => db.Outbox.SingleAsync());
        Assert.That((row.Attempts, row.ParkedAt), Is.EqualTo((0, (DateTime?)null)));
        Assert.That(row.DueAt, Is.GreaterThan(clock.GetUtcNow().UtcDateTime));
    }

    [Test]
    public async Task Should_say_that_nothing_can_be_sent_until_something_goes_or_nothing_waits_any_more([Values] bool goes)
    {
        var host = Host();
        await host.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Count(counter, 1));
        network.IsAway = true;
        await host.Relay.RunOnce();
        Assert.That(host.Relay.Failure, Does.StartWith("nothing can be sent"));
        if (goes)
            network.IsAway = false;
        else
            await host.Read(db => db.Outbox.ExecuteDeleteAsync());
        clock.Advance(TimeSpan.FromSeconds(2));
        await host.Relay.RunOnce();
        Assert.That(host.Relay.Failure is null, Is.EqualTo(goes), "what waits may be backing off");
        clock.Advance(TimeSpan.FromMinutes(1));
        await host.Relay.RunOnce();
        Assert.That(host.Relay.Failure, Is.Null);
    }

    [Test]
    public async Task Should_take_at_most_a_batch_oldest_first()
    {
        var host = Host(x => x.BatchSize = 2);
        for (var i = 1; i <= 3; i++)
            await host.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Count(counter, i));

        Assert.That(await host.Relay.RunOnce(), Is.EqualTo(2));
        Assert.That(await host.Relay.RunOnce(), Is.EqualTo(1));
        Assert.That(network.Sent.Select(x => x.Sequence), Is.Ordered.And.Unique);
        Assert.That(await host.Relay.RunOnce(), Is.Zero, "what is under way is not sent again");
    }

    [Test]
    public async Task Should_keep_a_mandatory_message_until_it_has_a_receiver_and_let_others_vanish()
    {
        var alone = Host(x => x.Mandatory<Asked>(), _ => { });
        await alone.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Counted(counter, 1));
        Assert.That(await alone.OutboxCount(), Is.Zero, "nobody listens, nobody asked");

        await alone.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Asked(counter));
        await alone.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Asked(Guid.NewGuid()));
        await alone.Relay.Recover();
        Assert.That(await alone.Relay.RunOnce(), Is.Zero);
        await alone.InScope(async x =>
        {
            var parked = await x.GetRequiredService<ParkedMessages>().List(10);
            Assert.That(parked.Select(y => y.LastError), Is.All.EqualTo("No endpoint is there to consume this message."));
            Assert.That(await x.GetRequiredService<ParkedMessages>().DeleteByCorrelation(counter, typeof(Asked)), Is.EqualTo(1));
        });

        var answered = Host(x => x.Mandatory<Asked>(), x =>
        {
            x.AddConsumer<AskedOne>();
            x.AddConsumer<AskedTwo>();
        });
        await answered.Relay.Recover();
        await answered.Relay.RunOnce();
        Assert.That(network.Sent.Select(x => x.Destination), Is.EquivalentTo((string[])["asked-one", "asked-two"]));
    }

    [Test]
    public async Task Should_move_what_waits_for_an_endpoint_that_is_gone()
    {
        var before = Host(bus: x => x.AddConsumer<AskedOne>());
        await before.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Asked(counter));
        await before.Get<StandaloneOutbox>().SendEndpointProvider.Send(new Rang(counter), "nowhere");

        var renamed = Host(bus: x => x.AddConsumer<AskedTwo>());
        await renamed.Relay.Recover();
        await renamed.Relay.RunOnce();
        Assert.That(network.Sent.Select(x => x.Destination), Is.EquivalentTo((string[])["asked-two", "counter"]));
    }

    [Test]
    public async Task Should_forget_handled_messages_after_the_retention()
    {
        var host = Host(x => x.PurgeBatch = 2);
        for (var i = 0; i < 3; i++)
        {
            await host.InScope(async x =>
            {
                var db = x.GetRequiredService<ToyContext>();
                db.Inbox.Add(new InboxMessage { MessageId = Guid.NewGuid(), ReceivedAt = clock.GetUtcNow().UtcDateTime });
                await db.SaveChangesAsync();
            });
        }
        Assert.That(await host.Relay.Purge(), Is.Zero);
        clock.Advance(TimeSpan.FromDays(8));
        Assert.That((await host.Relay.Purge(), await host.Relay.Purge(), await host.Relay.Purge()), Is.EqualTo((2, 1, 0)));
    }

    private sealed class AskedOne : IConsumer<Asked>
    {
        public Task Consume(ConsumeContext<Asked> context) => Task.CompletedTask;
    }

    private sealed class AskedTwo : IConsumer<Asked>
    {
        public Task Consume(ConsumeContext<Asked> context) => Task.CompletedTask;
    }
}

internal sealed class Network : IOutboxSender
{
    private readonly List<OutboxMessage> sent = [];

    public IReadOnlyList<OutboxMessage> Sent => sent;

    public string? Refuses { get; set; }

    public bool IsAway { get; set; }

    public Task Send(OutboxMessage message, CancellationToken cancellationToken)
    {
        if (IsAway)
            throw new TransportUnavailableException(new IOException());
        if (Refuses is not null && message.MessageType.Contains(Refuses))
            throw new InvalidOperationException("Refused.");
        lock (sent)
            sent.Add(message);
        return Task.CompletedTask;
    }

    public void Clear()
    {
        sent.Clear();
        Refuses = null;
        IsAway = false;
    }
}
