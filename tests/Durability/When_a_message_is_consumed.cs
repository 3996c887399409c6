using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Durability.Tests;

public sealed class When_a_message_is_consumed(string kind) : ToyFile(kind)
{
    private readonly Guid counter = NewId.NextGuid();

    [Test]
    public async Task Should_ignore_its_duplicate()
    {
        var host = await Use(new ToyHost(File)).Start();
        var id = NewId.NextGuid();

        await host.Bus.Publish(new Count(counter, 1), x => x.MessageId = id);
        await host.Bus.Publish(new Count(counter, 1), x => x.MessageId = id);
        await host.Bus.Publish(new Count(counter, 10));

        await host.Eventually(async () => await host.Total(counter) == 11 && host.Heard.Messages.Count == 2, "the two messages counted");
        Assert.That(host.Heard.Messages.Select(x => x.Message.Total), Is.EquivalentTo((int[])[1, 11]).Or.EquivalentTo((int[])[10, 11]), "no order is promised");
        Assert.That(await host.Read(db => db.Notes.CountAsync()), Is.EqualTo(2));
        Assert.That(await host.Read(db => db.Counters.Select(x => x.Version).SingleAsync()), Is.EqualTo(1), "created as 0, then one change");
    }

    [Test]
    public async Task Should_leave_nothing_of_a_failure_but_a_parked_row_and_apply_it_when_sent_again()
    {
        var host = await Use(new ToyHost(File)).Start();
        await host.Bus.Publish(new Count(counter, 1));
        await host.Eventually(async () => await host.Total(counter) == 1 && await host.OutboxCount() == 0, "the first message counted");
        var notes = await host.Read(db => db.Notes.CountAsync());

        host.Fuse.IsBlown = true;
        await host.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Break(counter));
        await host.Eventually(() => host.Read(db => db.Outbox.AnyAsync(x => x.ParkedAt != null)), "the failed message is parked");

        var parked = await host.Read(db => db.Outbox.SingleAsync());
        Assert.Multiple(() =>
        {
            Assert.That(parked.Destination, Is.EqualTo("counter"));
            Assert.That(parked.MessageType, Does.Contain("Break"));
            Assert.That(parked.LastError, Does.Contain("The fuse is blown."));
        });
        Assert.That(await host.Total(counter), Is.EqualTo(1));
        Assert.That(await host.Read(db => db.Notes.CountAsync()), Is.EqualTo(notes));
        Assert.That(host.Heard.Messages.Select(x => x.Message.Total), Is.EqualTo((int[])[1]));

        host.Fuse.IsBlown = false;
        await host.InScope(async x => Assert.That(await x.GetRequiredService<ParkedMessages>().SendAgain(parked.MessageId), Is.True));
        await host.Eventually(async () => await host.Total(counter) == 101 && await host.OutboxCount() == 0, "the message sent again counted");
    }

    [Test]
    public async Task Should_apply_every_one_of_forty_at_once()
    {
        var host = await Use(new ToyHost(File)).Start();

        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => host.Bus.Publish(new Count(counter, 1))));

        await host.Eventually(async () => host.Heard.Messages.Count == 40 && await host.OutboxCount() == 0, "all are counted and heard");
        Assert.That(await host.Total(counter), Is.EqualTo(40));
        Assert.That(host.Heard.Messages.Select(x => x.Message.Total), Is.EquivalentTo(Enumerable.Range(1, 40)));
    }

    [Test]
    public async Task Should_go_to_every_endpoint_that_consumes_it()
    {
        var host = await Use(new ToyHost(File, x =>
        {
            x.AddConsumer<FirstListener>();
            x.AddConsumer<SecondListener>();
        })).Start();

        await host.Bus.Publish(new Count(counter, 1));

        await host.Eventually(async () => host.Heard.Messages.Count == 2 && await host.OutboxCount() == 0, "both heard it and no row is left");
        Assert.That(host.Heard.Messages.Select(x => x.By), Is.EquivalentTo((string[])["first", "second"]));
    }

    [Test]
    public async Task Should_keep_saga_and_outbox_together_without_an_inbox_too()
    {
        var host = await Use(new ToyHost(File, configureServices: x => x.AddSingleton(new Fuse { HasInbox = false, IsBlown = true }))).Start();

        await host.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Count(counter, 1));
        await host.Eventually(async () => host.Heard.Messages.Count == 1 && await host.OutboxCount() == 0, "the message counted");
        await host.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Break(counter));
        await host.Eventually(() => host.Read(db => db.Outbox.AnyAsync(x => x.ParkedAt != null)), "the failed message is parked");

        Assert.That(await host.Total(counter), Is.EqualTo(1));
        Assert.That(await host.OutboxCount(), Is.EqualTo(1), "nothing but the parked message");
        Assert.That(await host.Read(db => db.Inbox.CountAsync()), Is.Zero);
    }

    [Test]
    public async Task Should_stay_stored_until_the_last_of_several_consumers_is_done()
    {
        var host = await Use(new ToyHost(
            File,
            x =>
            {
                x.AddConsumer<FirstListener>().Endpoint(y => y.Name = "shared");
                x.AddConsumer<FailingListener>().Endpoint(y => y.Name = "shared");
                x.AddConfigureEndpointsCallback((context, _, endpoint) => endpoint.UseDurableInbox(context));
            },
            configureServices: x => x.AddSingleton(new Fuse { IsBlown = true }))).Start();

        await host.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Counted(counter, 1));
        await host.Eventually(() => host.Read(db => db.Outbox.AnyAsync(x => x.ParkedAt != null)), "one of them failed");
        var parked = await host.Read(db => db.Outbox.SingleAsync());
        Assert.That(parked.Sequence, Is.EqualTo(1), "the row that was there, not a new one");

        host.Fuse.IsBlown = false;
        await host.InScope(x => x.GetRequiredService<ParkedMessages>().SendAgain(parked.MessageId));
        await host.Eventually(async () => await host.OutboxCount() == 0, "both are done");
        Assert.That(host.Heard.Messages.Select(x => x.By), Is.EquivalentTo((string[])["first", "failing"]), "each once");
    }

    private sealed class FailingListener(Fuse fuse, Heard heard) : IConsumer<Counted>
    {
        public Task Consume(ConsumeContext<Counted> context)
        {
            if (fuse.IsBlown)
                throw new InvalidOperationException("The fuse is blown.");
            heard.Add("failing", context.Message);
            return Task.CompletedTask;
        }
    }
}
