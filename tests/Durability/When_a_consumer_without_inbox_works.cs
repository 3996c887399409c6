using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Durability.Tests;

public sealed class When_a_consumer_without_inbox_works(string kind) : ToyFile(kind)
{
    private readonly Guid counter = NewId.NextGuid();

    [Test]
    public async Task Should_store_what_it_publishes_at_once()
    {
        var host = await Use(new ToyHost(File, x =>
        {
            x.AddConsumer<FirstListener>();
            x.AddConsumer<Forwarder>();
        }, x => x.RunRelay = false)).Start();

        await host.Bus.Publish(new Unheard(counter));

        await host.Eventually(() => host.Read(db => db.Outbox.AnyAsync(x => x.Destination == "first-listener")), "its message is a row");
        Assert.That(host.Heard.Messages, Is.Empty);
    }

    [Test]
    public async Task Should_be_given_a_message_again_later_when_it_schedules_a_redelivery()
    {
        var flaky = new Flaky.Tries();
        var host = await Use(new ToyHost(File, x => x.AddConsumer<Flaky, FlakyDefinition>(), configureServices: x => x.AddSingleton(flaky))).Start();

        await host.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Unheard(counter));

        await host.Eventually(async () => flaky.Count == 2 && await host.OutboxCount() == 0, "the second try worked and no row is left");
    }

    [Test]
    public async Task Should_answer_a_request()
    {
        var host = await Use(new ToyHost(File, x => x.AddConsumer<Answering>())).Start();
        await host.InScope(async scope =>
        {
            var answer = await scope.GetRequiredService<IScopedClientFactory>().CreateRequestClient<Asked>().GetResponse<Counted>(new Asked(counter));
            Assert.That(answer.Message.Total, Is.EqualTo(42));
        });
        await host.Eventually(async () => await host.OutboxCount() == 0, "no row of the answer is left");
    }

    private sealed class Answering : IConsumer<Asked>
    {
        public Task Consume(ConsumeContext<Asked> context) => context.RespondAsync(new Counted(context.Message.CorrelationId, 42));
    }

    private sealed class Flaky(Flaky.Tries tries) : IConsumer<Unheard>
    {
        public Task Consume(ConsumeContext<Unheard> context) =>
            Interlocked.Increment(ref tries.Count) == 1 ? throw new InvalidOperationException("Not yet.") : Task.CompletedTask;

        public sealed class Tries
        {
            public int Count;
        }
    }

    private sealed class FlakyDefinition : ConsumerDefinition<Flaky>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<Flaky> consumerConfigurator, IRegistrationContext context) =>
            endpointConfigurator.UseScheduledRedelivery(x => x.Interval(1, TimeSpan.FromMilliseconds(1)));
    }
}
