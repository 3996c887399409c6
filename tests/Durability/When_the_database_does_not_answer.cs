using System.Data.Common;
using MassTransit;
using MassTransit.Transports;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using SQLitePCL;

namespace ExecutionManager.Durability.Tests;

public sealed class When_the_database_does_not_answer : ToyFile
{
    private readonly Guid counter = NewId.NextGuid();

    [Test]
    public async Task Should_hold_the_message_and_count_no_fault()
    {
        var outage = new Outage();
        var host = await Use(new ToyHost(File, interceptors: outage)).Start();
        await host.Bus.Publish(new Count(counter, 1));
        await host.Eventually(async () => await host.Total(counter) == 1 && await host.OutboxCount() == 0, "the first message counted");

        outage.Begin();
        await host.Bus.Publish(new Count(counter, 10));
        await host.Eventually(() => Task.FromResult(outage.Hits > 5), "it was tried several times");
        outage.End();

        await host.Eventually(async () => await host.Total(counter) == 11 && await host.OutboxCount() == 0, "the held message counted");
        Assert.That(host.Heard.Messages.Select(x => x.Message.Total), Is.EqualTo((int[])[1, 11]));
    }

    [Test]
    public async Task Should_tell_a_second_context_in_a_handler_that_it_would_wait_for_itself()
    {
        var host = Use(new ToyHost(File, x => x.AddConsumer<Straying, StrayingDefinition>()));
        var receiver = host.Get<IReceiveEndpointDispatcherFactory>().CreateConsumerReceiver<Straying>("straying");
        await host.Get<StandaloneOutbox>().SendEndpointProvider.Send(new Unheard(counter), "straying");
        var row = await host.Read(db => db.Outbox.SingleAsync());

        Assert.That(async () => await receiver.Dispatch(row.Body, row.TransportHeaders(), default), Throws.Exception.Message.Contains("another scope"));
    }

    private sealed class Outage : DbTransactionInterceptor
    {
        private volatile bool isOut;
        private int hits;

        public int Hits => Volatile.Read(ref hits);

        public void Begin() => isOut = true;

        public void End() => isOut = false;

        public override ValueTask<InterceptionResult<DbTransaction>> TransactionStartingAsync(
            DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result, CancellationToken cancellationToken = default)
        {
            if (!isOut)
                return new(result);
            Interlocked.Increment(ref hits);
            throw new SqliteException("disk I/O error", raw.SQLITE_IOERR);
        }
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

internal static class Sending
{
    public static async Task Send<T>(this ISendEndpointProvider endpoints, T message, string queue) where T : class =>
        await (await endpoints.GetSendEndpoint(new Uri($"queue:{queue}"))).Send(message);
}
