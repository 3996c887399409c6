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
    public async Task Should_send_to_the_others_while_one_destination_hangs()
    {
        var host = Host(x => (x.SendTimeout, x.Lease) = (TimeSpan.FromHours(1), TimeSpan.FromHours(2)));
        await Store(host, "exchange:slow");
        network.Hangs = "slow";
        Assert.That(await RunPastPatience(host), Is.EqualTo(1));

        await Store(host, "exchange:slow");
        Assert.That(await host.Relay.NextDue(), Is.Null, "for nothing that may go now the loop would come at once");
        await Store(host, "exchange:quick");
        Assert.That((await host.Relay.RunOnce(), await host.Relay.RunOnce()), Is.EqualTo((1, 0)), "its own rows stay");
        Assert.That((network.Sent.Single().Destination, network.UnderWay), Is.EqualTo(("exchange:quick", 1)));

        network.Release();
        await host.Eventually(async () => await host.Relay.RunOnce() == 1, "its other row is taken when the first has ended");
        Assert.That((network.Sent.Count, await host.OutboxCount()), Is.EqualTo((3, 0)), "both are settled");
    }

    [Test]
    public async Task Should_park_what_always_hangs_while_others_go()
    {
        var host = Host(x => (x.MaxAttempts, x.SendTimeout, x.Lease) = (2, TimeSpan.FromHours(1), TimeSpan.FromHours(2)));
        await Store(host, "exchange:slow");
        network.Hangs = "slow";
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            Assert.That(await RunPastPatience(host), Is.EqualTo(1));
            await Store(host, "exchange:quick");
            await host.Relay.RunOnce();
            clock.Advance(TimeSpan.FromHours(1));
            await host.Eventually(
                async () =>
                {
                    await host.Relay.RunOnce();
                    return await host.Read(db => db.Outbox.AnyAsync(x => x.Attempts == attempt));
                },
                "the end of its time counts");
            clock.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.That((await host.Read(db => db.Outbox.SingleAsync())).ParkedAt, Is.Not.Null);
        Assert.That(host.Relay.Failure, Is.Null, "others went");
    }

    [Test]
    public async Task Should_not_count_what_hangs_when_nothing_else_goes()
    {
        var host = Host(x => (x.MaxAttempts, x.SendTimeout, x.Lease) = (1, TimeSpan.FromHours(1), TimeSpan.FromHours(2)));
        await Store(host, "exchange:slow");
        network.Hangs = "slow";
        await RunPastPatience(host);
        clock.Advance(TimeSpan.FromHours(1));
        await host.Eventually(
            async () =>
            {
                await host.Relay.RunOnce();
                return host.Relay.Failure is not null;
            },
            "it is said that nothing can be sent");
        var row = await host.Read(db => db.Outbox.SingleAsync());
        Assert.That((row.Attempts, row.ParkedAt), Is.EqualTo((0, (DateTime?)null)));
    }

    [Test]
    public async Task Should_wait_for_an_end_when_ten_batches_hang()
    {
        var host = Host(x => (x.BatchSize, x.SendTimeout, x.Lease) = (1, TimeSpan.FromHours(1), TimeSpan.FromHours(2)));
        network.Hangs = "slow";
        for (var i = 0; i <= 10; i++)
            await Store(host, $"exchange:slow-{i}");
        for (var i = 0; i < 10; i++)
            Assert.That(await RunPastPatience(host), Is.EqualTo(1));

        var eleventh = host.Relay.RunOnce();
        for (var tries = 0; !eleventh.IsCompleted && tries < 20; tries++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System);
        }
        Assert.That((eleventh.IsCompleted, network.UnderWay), Is.EqualTo((false, 10)));
        network.Release();
        await eleventh;
        await host.Eventually(
            async () =>
            {
                await host.Relay.RunOnce();
                return await host.OutboxCount() == 0;
            },
            "all are settled");
    }

    [Test]
    public async Task Should_settle_what_is_under_way_at_the_end_of_the_process()
    {
        network.Hangs = "slow";
        var host = await Use(new ToyHost(File, null, x => x.Patience = TimeSpan.FromMilliseconds(10), x => x.AddSingleton<IOutboxSender>(network))).Start();
        await Store(host, "exchange:slow");
        await host.Eventually(() => Task.FromResult(network.UnderWay == 1), "it is under way");
        await Store(host, "exchange:quick");
        await host.Eventually(async () => await host.OutboxCount() == 1, "others go");

        var stop = host.Stop();
        network.Release();
        await stop;
        Assert.That(await host.OutboxCount(), Is.Zero);
    }

    private static Task Store(ToyHost host, string destination) => host.Read(db =>
    {
        var now = host.Get<TimeProvider>().GetUtcNow().UtcDateTime;
        db.Outbox.Add(new OutboxMessage { MessageId = Guid.NewGuid(), Destination = destination, MessageType = "urn:message:Any", EnqueuedAt = now, DueAt = now });
        return db.SaveChangesAsync();
    });

    private async Task<int> RunPastPatience(ToyHost host)
    {
        var run = host.Relay.RunOnce();
        for (var tries = 0; !run.IsCompleted && tries < 200; tries++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System);
        }
        Assert.That(run.IsCompleted, "one that hangs holds up the relay");
        return await run;
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
    private TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<OutboxMessage> Sent => sent;

    public string? Refuses { get; set; }

    public bool IsAway { get; set; }

    /// <summary>Sends to destinations with this in their name do not end before Release.</summary>
    public string? Hangs { get; set; }

    public int UnderWay { get; private set; }

    public async Task Send(OutboxMessage message, CancellationToken cancellationToken)
    {
        if (IsAway)
            throw new TransportUnavailableException(new IOException());
        if (Refuses is not null && message.MessageType.Contains(Refuses))
            throw new InvalidOperationException("Refused.");
        if (Hangs is not null && message.Destination.Contains(Hangs))
        {
            Task until;
            lock (sent)
            {
                UnderWay++;
                until = released.Task;
            }
            try
            {
                await until.WaitAsync(cancellationToken);
            }
            finally
            {
                lock (sent)
                    UnderWay--;
            }
        }
        lock (sent)
            sent.Add(message);
    }

    public void Release()
    {
        Hangs = null;
        released.SetResult();
    }

    public void Clear()
    {
        sent.Clear();
        released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Refuses = Hangs = null;
        IsAway = false;
    }
}
