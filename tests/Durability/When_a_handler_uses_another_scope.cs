using MassTransit;
using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Durability.Tests;

/// <summary>On SQLite alone: there a process writes in turns.</summary>
[TestFixture]
public sealed class When_a_handler_uses_another_scope() : ToyFile(Sqlite)
{
    private readonly Guid counter = NewId.NextGuid();

    [Test]
    public async Task Should_be_told_that_it_would_wait_for_itself()
    {
        var host = Use(new ToyHost(File, x => x.AddConsumer<Straying, StrayingDefinition>()));
        var receiver = host.Get<IReceiveEndpointDispatcherFactory>().CreateConsumerReceiver<Straying>("straying");
        await host.Get<StandaloneOutbox>().SendEndpointProvider.Send(new Unheard(counter), "straying");
        var row = await host.Read(db => db.Outbox.SingleAsync());

        Assert.That(async () => await receiver.Dispatch(row.Body, row.TransportHeaders(), default), Throws.Exception.Message.Contains("another scope"));
    }

    private sealed class Straying(IServiceScopeFactory scopes) : IConsumer<Unheard>
    {
        public async Task Consume(ConsumeContext<Unheard> context)
        {
            await using var other = scopes.CreateAsyncScope();
            var db = other.ServiceProvider.GetRequiredService<ToyContext>();
            db.Notes.Add(new Note());
            await db.SaveChangesAsync();
        }
    }

    private sealed class StrayingDefinition : ConsumerDefinition<Straying>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<Straying> consumerConfigurator, IRegistrationContext context) =>
            endpointConfigurator.UseDurableInbox(context);
    }
}
