using MassTransit;
using MassTransit.Configuration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Durability.Tests;

public sealed class When_a_process_dies(string kind) : ToyFile(kind)
{
    private readonly Guid counter = NewId.NextGuid();

    [Test]
    public async Task Should_send_what_it_had_stored_and_not_sent()
    {
        var dead = await Use(new ToyHost(File, configure: x => x.RunRelay = false)).Start();
        await dead.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Count(counter, 7));

        var next = await Use(new ToyHost(File)).Start();

        await next.Eventually(async () => await next.Total(counter) == 7 && await next.OutboxCount() == 0, "the message is counted");
        Assert.That(next.Heard.Messages, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Should_send_again_what_was_sent_and_not_consumed()
    {
        var stuck = new TaskCompletionSource();
        var reached = new TaskCompletionSource();
        var dead = await Use(new ToyHost(File, configureServices: x => x.AddSingleton<IConfigureReceiveEndpoint>(new Stuck(reached, stuck.Task)))).Start();
        await dead.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Count(counter, 7));
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        Assert.That((await dead.Read(db => db.Outbox.SingleAsync())).DueAt, Is.Null, "it is under way");

        try
        {
            var next = await Use(new ToyHost(File)).Start();
            await next.Eventually(async () => await next.Total(counter) == 7 && await next.OutboxCount() == 0, "the message is counted");
        }
        finally
        {
            stuck.SetCanceled();
        }
    }

    [Test]
    public async Task Should_apply_once_what_was_consumed_and_is_sent_again()
    {
        var id = NewId.NextGuid();
        var dead = await Use(new ToyHost(File)).Start();
        await dead.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Count(counter, 7), x => x.MessageId = id);
        await dead.Eventually(async () => await dead.OutboxCount() == 0, "the message is counted and its answer heard");
        await dead.Stop();

        var next = await Use(new ToyHost(File)).Start();
        await next.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Count(counter, 7), x => x.MessageId = id);

        await next.Eventually(async () => await next.OutboxCount() == 0, "the message is consumed");
        Assert.That(await next.Total(counter), Is.EqualTo(7));
        Assert.That(next.Heard.Messages, Is.Empty);
    }

    /// <summary>An endpoint that takes messages and never gets to its consumers.</summary>
    private sealed class Stuck(TaskCompletionSource reached, Task until) : IConfigureReceiveEndpoint
    {
        public void Configure(string name, IReceiveEndpointConfigurator configurator) => configurator.UseExecuteAsync(_ =>
        {
            reached.TrySetResult();
            return until;
        });
    }
}
