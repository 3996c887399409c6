using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ExecutionManager.Durability.Tests;

/// <summary>As in production: PostgreSQL and RabbitMQ, and more than one worker.</summary>
[TestFixture]
public sealed class When_two_processes_share_a_database() : ToyFile(Postgres)
{
    private readonly Guid counter = NewId.NextGuid();
    private string broker = "";

    [SetUp]
    public async Task CreateVirtualHost() => broker = await Servers.CreateVirtualHost();

    [Test]
    public async Task Should_apply_every_one_of_forty_at_once()
    {
        var hosts = await Start();

        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => hosts[i % 2].Bus.Publish(new Count(counter, 1))));

        await hosts[0].Eventually(async () => await hosts[0].Total(counter) == 40, "all are counted");
        await hosts[0].Eventually(async () => Heard(hosts).Count == 40 && await hosts[0].OutboxCount() == 0, "all are heard, and no row is left");
        Assert.That(Heard(hosts), Is.EquivalentTo(Enumerable.Range(1, 40)));
    }

    [Test]
    public async Task Should_apply_a_message_once_that_both_get()
    {
        var hosts = await Start();
        var id = NewId.NextGuid();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => hosts[i % 2].Bus.Publish(new Count(counter, 1), x => x.MessageId = id)));
        await hosts[0].Bus.Publish(new Count(counter, 100));

        await hosts[0].Eventually(async () => await hosts[0].Total(counter) == 101 && Heard(hosts).Count == 2, "each of the two is counted");
        Assert.That(await hosts[0].Read(db => db.Notes.CountAsync()), Is.EqualTo(2));
    }

    [Test]
    public async Task Should_create_one_saga_of_messages_that_all_create_it()
    {
        var hosts = await Start();

        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => hosts[i % 2].Get<StandaloneOutbox>().PublishEndpoint.Publish(new Count(counter, 1 << i))));

        await hosts[0].Eventually(async () => await hosts[0].Total(counter) == 1023 && await hosts[0].OutboxCount() == 0, "all are counted");
    }

    /// <summary>Both relays look at the same instant, again and again; what one takes the other does not see.</summary>
    [Test]
    public async Task Should_fire_a_deadline_once()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var networks = new[] { new Network(), new Network() };
        var hosts = networks.Select(network => Use(new ToyHost(
            File, configure: x => x.RunRelay = false,
            configureServices: x => x.AddSingleton<TimeProvider>(clock).AddSingleton<IOutboxSender>(network), broker: broker))).ToArray();
        var at = clock.GetUtcNow().UtcDateTime.AddHours(1);
        for (var i = 0; i < 300; i++)
            await hosts[0].Get<StandaloneOutbox>().Scheduler.ScheduleSend(new Uri("queue:counter"), at, new Rang(counter));
        Assert.That(await hosts[0].Relay.RunOnce(), Is.Zero, "none is due");

        clock.Advance(TimeSpan.FromHours(1));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => Drain(hosts[i % 2].Relay))));

        var sent = networks.SelectMany(x => x.Sent).Select(x => x.MessageId).ToList();
        Assert.That(sent, Is.Unique);
        Assert.That(sent, Has.Count.EqualTo(300));
        Assert.That(await hosts[0].OutboxCount(), Is.Zero);
    }

    [Test]
    public async Task Should_send_to_a_queue_of_its_own_whatever_its_arguments()
    {
        var hosts = await Start();
        await hosts[0].Get<StandaloneOutbox>().SendEndpointProvider.Send(new Count(counter, 1), "counter");
        await hosts[0].Eventually(async () => await hosts[0].Total(counter) == 1, "it is counted");
    }

    [Test]
    public async Task Should_list_what_no_queue_takes_and_send_it_when_one_does()
    {
        var alone = await Use(Host(x => x.AddConsumer<FirstListener>())).Start();
        await alone.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Asked(counter));
        await alone.Eventually(() => alone.Read(db => db.Outbox.AnyAsync(x => x.ParkedAt != null)), "it is parked");
        await alone.InScope(async x =>
        {
            var parked = await x.GetRequiredService<ParkedMessages>().List(10);
            Assert.That(parked.Select(y => y.LastError), Is.EqualTo((string[])["No endpoint is there to consume this message."]));
        });

        var asked = new Answering.Taken();
        var answering = Use(Host(x => x.AddConsumer<Answering>(), x => x.AddSingleton(asked)));
        await answering.Start();

        await answering.Eventually(async () => asked.Count == 1 && await answering.OutboxCount() == 0, "the waiting message is taken");
    }

    private static IReadOnlyList<int> Heard(IEnumerable<ToyHost> hosts) => [.. hosts.SelectMany(x => x.Heard.Messages).Select(x => x.Message.Total)];

    private static async Task Drain(Relay relay)
    {
        while (await relay.RunOnce() > 0)
        {
        }
    }

    private ToyHost Host(Action<IBusRegistrationConfigurator>? bus = null, Action<IServiceCollection>? services = null) => new(
        File, bus,
        x =>
        {
            x.Mandatory<Asked>();
            x.IsReturned = exception => exception is MessageReturnedException;
            x.MaxRetryDelay = TimeSpan.FromSeconds(1);
        },
        services, broker);

    private async Task<ToyHost[]> Start()
    {
        var hosts = new[] { Use(Host()), Use(Host()) };
        foreach (var host in hosts)
        {
            await host.Start();
            await host.Get<IBusControl>().WaitForHealthStatus(BusHealthStatus.Healthy, CancellationToken.None);
        }
        return hosts;
    }

    private sealed class Answering(Answering.Taken taken) : IConsumer<Asked>
    {
        public Task Consume(ConsumeContext<Asked> context)
        {
            Interlocked.Increment(ref taken.Count);
            return Task.CompletedTask;
        }

        public sealed class Taken
        {
            public int Count;
        }
    }
}
