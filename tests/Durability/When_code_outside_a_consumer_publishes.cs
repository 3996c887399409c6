using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Durability.Tests;

public sealed class When_code_outside_a_consumer_publishes(string kind) : ToyFile(kind)
{
    private readonly Guid counter = NewId.NextGuid();

    [Test]
    public async Task Should_store_nothing_before_SaveChanges_and_send_after_it()
    {
        var host = await WithIdleRelay();

        await host.InScope(async scope =>
        {
            await scope.GetRequiredService<IPublishEndpoint>().Publish(new Count(counter, 3));
            Assert.That(await host.OutboxCount(), Is.Zero);
            await scope.GetRequiredService<ToyContext>().SaveChangesAsync();
        });

        await host.Eventually(async () => await host.Total(counter) == 4, "the message is counted");
    }

    [Test]
    public async Task Should_send_after_the_commit_of_an_explicit_transaction()
    {
        var host = await WithIdleRelay();

        await host.InScope(async scope =>
        {
            var db = scope.GetRequiredService<ToyContext>();
            await using var transaction = await db.Database.BeginTransactionAsync();
            await scope.GetRequiredService<IPublishEndpoint>().Publish(new Count(counter, 3));
            await db.SaveChangesAsync();
            Assert.That(await host.OutboxCount(), Is.Zero);
            await transaction.CommitAsync();
        });

        await host.Eventually(async () => await host.Total(counter) == 4, "the message is counted");
    }

    [Test]
    public async Task Should_send_nothing_when_it_is_never_saved()
    {
        var host = await Use(new ToyHost(File)).Start();

        await host.InScope(scope => scope.GetRequiredService<IPublishEndpoint>().Publish(new Count(counter, 3)));
        await host.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Count(counter, 5));

        await host.Eventually(async () => await host.OutboxCount() == 0, "the other message is counted");
        Assert.That(await host.Total(counter), Is.EqualTo(5));
    }

    /// <summary>Without the poll only the commit itself can wake the relay.</summary>
    private async Task<ToyHost> WithIdleRelay()
    {
        var host = await Use(new ToyHost(File, configure: x => x.PollInterval = TimeSpan.FromHours(1))).Start();
        await host.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Count(counter, 1));
        await host.Eventually(async () => await host.Total(counter) == 1 && await host.OutboxCount() == 0, "it has sent what there was");
        return host;
    }
}
