using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace ExecutionManager.Durability.Tests;

/// <summary>Faults of the database that are nobody's doing, made by a real PostgreSQL in the middle of a transaction.</summary>
[TestFixture]
public sealed class When_a_transaction_is_broken() : ToyFile(Postgres)
{
    private readonly Guid counter = NewId.NextGuid();

    private static readonly Dictionary<string, string> Faults = new()
    {
        ["a serialization failure"] = "DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '40001'; END $$",
        ["a deadlock"] = "DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '40P01'; END $$",
        ["a lost connection"] = "SELECT pg_terminate_backend(pg_backend_pid())",
    };

    [Test]
    public async Task Should_be_tried_again_in_a_fresh_scope([Values("a serialization failure", "a deadlock", "a lost connection")] string fault)
    {
        var saboteur = new Saboteur { Sql = Faults[fault], Times = 3 };
        var host = await Use(Host(saboteur)).Start();

        await host.Bus.Publish(new Unheard(counter));

        await host.Eventually(() => host.Read(db => db.Notes.AnyAsync()), "it is handled");
        Assert.That(await host.Read(db => db.Notes.CountAsync()), Is.EqualTo(1));
        Assert.That(saboteur.Scopes, Has.Count.EqualTo(4).And.Unique);
        Assert.That(await host.OutboxCount(), Is.Zero, "nothing is parked");
    }

    [Test]
    public async Task Should_be_given_up_after_ten_more_when_it_is_broken_each_time([Values("a deadlock", "a lost connection")] string fault)
    {
        var saboteur = new Saboteur { Sql = Faults[fault], Times = int.MaxValue };
        var host = await Use(Host(saboteur)).Start();

        await host.Bus.Publish(new Unheard(counter));

        await host.Eventually(() => host.Read(db => db.Outbox.AnyAsync(x => x.ParkedAt != null)), "it is parked");
        Assert.That(saboteur.Scopes, Has.Count.EqualTo(11));
        Assert.That(await host.Read(db => db.Notes.AnyAsync()), Is.False);
    }

    /// <summary>Not made up: two transactions that want each other's row, of which the consumer's is the one that looks.</summary>
    [Test]
    public async Task Should_survive_a_deadlock()
    {
        var (first, second) = (new Note { CounterId = counter }, new Note { CounterId = counter });
        var saboteur = new Saboteur();
        var host = await Use(Host(saboteur)).Start();
        await host.InScope(async scope =>
        {
            var db = scope.GetRequiredService<ToyContext>();
            db.AddRange(first, second);
            await db.SaveChangesAsync();
        });
        await using var other = await NpgsqlDataSource.Create(File).OpenConnectionAsync();
        await Do("SET deadlock_timeout = '1min'; BEGIN");
        await Do(Lock(second));
        saboteur.Sql = $"SET LOCAL deadlock_timeout = '3s'; {Lock(first)}; {Lock(second)}";
        saboteur.Times = int.MaxValue;

        await host.Bus.Publish(new Unheard(counter));
        await host.Eventually(
            () => host.Read(async db => await db.Database.SqlQueryRaw<int>("SELECT count(*)::int AS \"Value\" FROM pg_locks WHERE NOT granted").SingleAsync() > 0),
            "it waits for the second");
        await Do(Lock(first));
        await host.Eventually(() => Task.FromResult(saboteur.Scopes.Count == 2), "it has given way, and tries again");
        await Do("COMMIT");

        await host.Eventually(() => host.Read(db => db.Notes.AnyAsync(x => x.CounterId == Saboteur.Mark)), "it is handled");
        Assert.That(await host.OutboxCount(), Is.Zero, "nothing is parked");

        static string Lock(Note note) => $"SELECT 1 FROM \"Notes\" WHERE \"Id\" = {note.Id} FOR UPDATE";

        async Task Do(string sql)
        {
            await using var command = new NpgsqlCommand(sql, other);
            await command.ExecuteNonQueryAsync();
        }
    }

    private ToyHost Host(Saboteur saboteur) => new(File, x => x.AddConsumer<Victim, VictimDefinition>(), configureServices: x => x.AddSingleton(saboteur));

    private sealed class Saboteur
    {
        public static readonly Guid Mark = NewId.NextGuid();

        public string Sql { get; set; } = "";

        public int Times { get; set; }

        public List<IServiceProvider> Scopes { get; } = [];
    }

    private sealed class Victim(Saboteur saboteur, IServiceProvider scope, ToyContext db) : IConsumer<Unheard>
    {
        public async Task Consume(ConsumeContext<Unheard> context)
        {
            saboteur.Scopes.Add(scope);
            db.Notes.Add(new Note { CounterId = Saboteur.Mark });
            if (saboteur.Times-- > 0)
                await db.Database.ExecuteSqlRawAsync(saboteur.Sql);
        }
    }

    private sealed class VictimDefinition : ConsumerDefinition<Victim>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<Victim> consumerConfigurator, IRegistrationContext context) =>
            endpointConfigurator.UseDurableInbox(context);
    }
}
