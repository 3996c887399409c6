using MassTransit;
using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ExecutionManager.Durability.Tests;

/// <summary>The bus is built and never started; the outbox rows are the network.</summary>
public sealed class When_a_world_dispatches(string kind) : ToyFile(kind)
{
    private readonly Guid counter = NewId.NextGuid();
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private ToyHost Host => Latest;
    private IReceiveEndpointDispatcher saga = null!;
    private IReceiveEndpointDispatcher listener = null!;

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    [SetUp]
    public void Build()
    {
        Use(new ToyHost(File, configureServices: x => x.AddSingleton<TimeProvider>(clock)));
        var dispatchers = Host.Get<IReceiveEndpointDispatcherFactory>();
        saga = dispatchers.CreateSagaReceiver<CounterState>("counter");
        listener = dispatchers.CreateConsumerReceiver<FirstListener>("first-listener");
    }

    [Test]
    public async Task Should_commit_saga_outbox_schedule_and_the_handlers_own_rows_together()
    {
        await Dispatch(new Count(counter, 1));
        await Dispatch(new Arm(counter, Now.AddHours(1)));

        var rows = await Rows();
        Assert.That(rows.Select(x => (x.Destination, x.DueAt)), Is.EqualTo(((string, DateTime?)[])[("first-listener", Now), ("counter", Now.AddHours(1))]));
        Assert.That(rows[1].SchedulingToken, Is.EqualTo(await Host.Read(db => db.Counters.Select(x => x.Alarm).SingleAsync())));
        Assert.That(await Host.Read(db => db.Notes.CountAsync()), Is.EqualTo(1));
        Assert.That(await Host.Read(db => db.Inbox.CountAsync()), Is.EqualTo(2));
    }

    [Test]
    public async Task Should_roll_all_of_it_back_when_the_handler_fails()
    {
        await Dispatch(new Count(counter, 1));
        var before = await Rows();
        Host.Fuse.IsBlown = true;

        Assert.That(async () => await Dispatch(new Break(counter)), Throws.Exception);

        Assert.That(await Host.Total(counter), Is.EqualTo(1));
        Assert.That(await Rows(), Has.Count.EqualTo(before.Count + 1), "only the failed message itself");
        Assert.That(await Host.Read(db => db.Notes.CountAsync()), Is.EqualTo(1));
        Assert.That(await Host.Read(db => db.Inbox.CountAsync()), Is.EqualTo(1));
    }

    [Test]
    public async Task Should_cancel_a_schedule_in_the_transaction()
    {
        await Dispatch(new Count(counter, 1));
        await Dispatch(new Arm(counter, Now.AddHours(1)));
        await Dispatch(new Disarm(counter));
        Assert.That((await Rows()).Select(x => x.SchedulingToken), Is.All.Null);
    }

    [Test]
    public async Task Should_deliver_a_fired_schedule_once_and_end_its_row()
    {
        await Dispatch(new Count(counter, 1));
        await Dispatch(new Arm(counter, Now.AddHours(1)));
        var alarm = (await Rows()).Single(x => x.SchedulingToken is not null);

        await saga.Dispatch(alarm.Body, alarm.TransportHeaders(), default);
        await saga.Dispatch(alarm.Body, alarm.TransportHeaders(), default);

        Assert.That(await Host.Read(db => db.Counters.Select(x => x.Rings).SingleAsync()), Is.EqualTo(1));
        Assert.That((await Rows()).Select(x => x.Sequence), Does.Not.Contain(alarm.Sequence));
    }

    [Test]
    public async Task Should_deliver_rows_in_any_order_twice_and_to_consumers_without_inbox()
    {
        var outbox = Host.Get<StandaloneOutbox>();
        for (var i = 1; i <= 3; i++)
            await outbox.PublishEndpoint.Publish(new Count(counter, i));

        foreach (var row in Enumerable.Reverse(await Rows()))
        {
            await saga.Dispatch(row.Body, row.TransportHeaders(), default);
            await saga.Dispatch(row.Body, row.TransportHeaders(), default);
        }
        foreach (var row in await Rows())
            await listener.Dispatch(row.Body, row.TransportHeaders(), default);

        Assert.That(Host.Heard.Messages.Select(x => x.Message.Total), Is.EqualTo((int[])[3, 5, 6]));
        Assert.That(await Rows(), Is.Empty);
    }

    private async Task Dispatch<T>(T message) where T : class
    {
        await Host.Get<StandaloneOutbox>().PublishEndpoint.Publish(message);
        var row = (await Rows()).Last(x => x.MessageType.Contains(typeof(T).Name));
        await saga.Dispatch(row.Body, row.TransportHeaders(), default);
    }

    private Task<List<OutboxMessage>> Rows() => Host.Read(db => db.Outbox.AsNoTracking().OrderBy(x => x.Sequence).ToListAsync());
}
