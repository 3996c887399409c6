using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace ExecutionManager.Durability.Tests;

/// <summary>COMMIT is sent along with the last writes: what they come to is not seen before.</summary>
[TestFixture]
public sealed class When_PostgreSQL_commits_in_one_trip() : ToyFile(Postgres)
{
    private readonly Guid counter = NewId.NextGuid();

    [Test]
    public async Task Should_commit_nothing_when_a_row_is_gone_and_try_again([Values] bool deleting)
    {
        var thief = new Thief { Deleting = deleting };
        var host = await Use(new ToyHost(File, x => x.AddConsumer<Keeper, KeeperDefinition>(), configureServices: x => x.AddSingleton(thief))).Start();
        await host.InScope(async scope =>
        {
            var db = scope.GetRequiredService<ToyContext>();
            db.Add(new Note { CounterId = counter });
            await db.SaveChangesAsync();
        });
        thief.Steal = async () =>
        {
            await using var source = NpgsqlDataSource.Create(File);
            await using var command = source.CreateCommand("DELETE FROM \"Notes\"");
            await command.ExecuteNonQueryAsync();
        };

        await host.Bus.Publish(new Unheard(counter));

        await host.Eventually(() => host.Read(db => db.Inbox.AnyAsync()), "it is handled");
        Assert.That(thief.Attempts, Is.EqualTo(2));
        Assert.That(await host.Read(db => db.Notes.CountAsync()), Is.EqualTo(1), "that of the second attempt alone");
    }

    [Test]
    public async Task Should_leave_the_saving_to_a_context_that_is_watched()
    {
        var watch = new Watch();
        var host = await Use(new ToyHost(File, interceptors: [watch])).Start();

        await host.Bus.Publish(new Count(counter, 1));
        await host.Eventually(async () => await host.Total(counter) == 1, "the first is counted");
        await host.Bus.Publish(new Count(counter, 10));

        await host.Eventually(async () => await host.Total(counter) == 11 && host.Heard.Messages.Count == 2 && await host.OutboxCount() == 0, "both are counted and heard");
        Assert.That(watch.Sagas, Is.EqualTo(2));
    }

    private sealed class Watch : SaveChangesInterceptor
    {
        private int sagas;

        public int Sagas => Volatile.Read(ref sagas);

        public override ValueTask<InterceptionResult<int>> SavingChangesAsync(
            DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            if (eventData.Context!.ChangeTracker.Entries<CounterState>().Any(x => x.State != EntityState.Unchanged))
                Interlocked.Increment(ref sagas);
            return new(result);
        }
    }

    private sealed class Thief
    {
        public bool Deleting { get; init; }

        public Func<Task> Steal { get; set; } = () => Task.CompletedTask;

        public int Attempts { get; set; }
    }

    private sealed class Keeper(Thief thief, ToyContext db) : IConsumer<Unheard>
    {
        public async Task Consume(ConsumeContext<Unheard> context)
        {
            thief.Attempts++;
            if (await db.Notes.SingleOrDefaultAsync() is { } note)
            {
                if (thief.Deleting)
                    db.Remove(note);
                else
                    note.CounterId = NewId.NextGuid();
            }
            db.Add(new Note { CounterId = context.Message.CounterId });
            if (thief.Attempts == 1)
                await thief.Steal();
        }
    }

    private sealed class KeeperDefinition : ConsumerDefinition<Keeper>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<Keeper> consumerConfigurator, IRegistrationContext context) =>
            endpointConfigurator.UseDurableInbox(context);
    }
}
