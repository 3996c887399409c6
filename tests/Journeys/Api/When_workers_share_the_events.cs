using ExecutionManager.Store;
using Npgsql;

namespace ExecutionManager.Journeys.Tests;

/// <summary>Event streams on PostgreSQL: numbers are drawn in one order and committed in another, and two workers show them.</summary>
[TestFixture, CancelAfter(120_000)]
public class When_workers_share_the_events
{
    private Servers servers = null!;
    private NpgsqlDataSource source = null!;
    private ApiHost one = null!, other = null!;
    private Guid contract;

    [SetUp]
    public async Task Run()
    {
        servers = await Servers.Take();
        source = NpgsqlDataSource.Create(servers.Store);
        one = await ApiHost.Run(postgres: servers.Store);
        other = await ApiHost.Run(postgres: servers.Store);
        contract = await one.Seed(_ => { });
    }

    [TearDown]
    public async Task End()
    {
        if (servers is not null)
        {
            await one.DisposeAsync();
            await other.DisposeAsync();
            await source.DisposeAsync();
            await servers.DisposeAsync();
        }
    }

    /// <summary>Who began first, and so has the lower transaction id, need not draw the lower number.</summary>
    [Test]
    public async Task Should_wait_for_an_earlier_number_that_is_held_open([Values] bool heldBeganFirst, CancellationToken ct)
    {
        using var reader = await EventReader.Open(one.Http, "/events");
        await using var held = await Writer.Begin(source, contract, ct, begin: heldBeganFirst);
        await using var later = await Writer.Begin(source, contract, ct, begin: true);
        var first = await held.Append(ct);
        var second = await later.Append(ct);
        Assert.That(first, Is.LessThan(second));
        await later.Commit(ct);
        var next = reader.Next(ct);
        // Looks of the feed go by: a second one only begins when the first has ended.
        var feed = one.Service<Worker.EventFeed>();
        for (var from = feed.Looks; feed.Looks < from + 5;)
        {
            await Task.Yield();
        }

        Assert.That(next.IsCompleted, Is.False, "the later one would be shown before the earlier, or in its place");
        await held.Commit(ct);
        Assert.That(new[] { (await next)!.Id, (await reader.Next(ct))!.Id }, Is.EqualTo(new[] { $"{first}", $"{second}" }));
    }

    [Test]
    public async Task Should_pass_over_a_number_that_was_rolled_back(CancellationToken ct)
    {
        using var reader = await EventReader.Open(one.Http, "/events");
        await using (var given = await Writer.Begin(source, contract, ct, begin: true))
        {
            await given.Append(ct);
        }

        await using var kept = await Writer.Begin(source, contract, ct, begin: true);
        var number = await kept.Append(ct);
        await kept.Commit(ct);
        Assert.That((await reader.Next(ct))!.Id, Is.EqualTo($"{number}"));
    }

    [Test]
    public async Task Should_show_each_once_to_readers_that_change_between_workers_while_many_write(CancellationToken ct)
    {
        const int writers = 8, each = 60, seed = 7;
        var readers = Enumerable.Range(1, 3).Select(number => Follow(new Random(number), writers * each, ct)).ToList();
        var numbers = await Task.WhenAll(Enumerable.Range(1, writers).Select(number => Write(new Random(seed * number), each, ct)));
        var expected = numbers.SelectMany(one => one).Order().Select(number => $"{number}").ToList();
        foreach (var read in await Task.WhenAll(readers))
        {
            Assert.That(read, Is.EqualTo(expected));
        }
    }

    /// <summary>Commits <paramref name="count"/> events in transactions of one to three, of which some are undone.</summary>
    private async Task<List<long>> Write(Random random, int count, CancellationToken ct)
    {
        var committed = new List<long>();
        while (committed.Count < count)
        {
            await using var writer = await Writer.Begin(source, contract, ct, begin: random.Next(2) == 0);
            var drawn = new List<long>();
            for (var i = random.Next(1, 4); i > 0 && committed.Count + drawn.Count < count; i--)
            {
                drawn.Add(await writer.Append(ct));
                for (var pause = random.Next(20); pause > 0; pause--)
                {
                    await Task.Yield();
                }
            }

            if (random.Next(5) > 0)
            {
                await writer.Commit(ct);
                committed.AddRange(drawn);
            }
        }

        return committed;
    }

    private async Task<List<string>> Follow(Random random, int count, CancellationToken ct)
    {
        var (read, last) = (new List<string>(), "0");
        while (read.Count < count)
        {
            using var reader = await EventReader.Open((random.Next(2) == 0 ? one : other).Http, $"/contracts/{contract}/events", last);
            read.AddRange((await reader.Take(Math.Min(random.Next(1, 50), count - read.Count), ct)).Select(sent => sent.Id!));
            last = reader.LastEventId!;
        }

        return read;
    }

    private sealed class Writer(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid contract) : IAsyncDisposable
    {
        /// <param name="begin">Whether it writes something else first, as a consumer does, which gives it its transaction id.</param>
        public static async Task<Writer> Begin(NpgsqlDataSource source, Guid contract, CancellationToken ct, bool begin)
        {
            var connection = await source.OpenConnectionAsync(ct);
            var writer = new Writer(connection, await connection.BeginTransactionAsync(ct), contract);
            if (begin)
            {
                await writer.Run("SELECT 0::bigint FROM pg_current_xact_id()", ct);
            }

            return writer;
        }

        public Task<long> Append(CancellationToken ct) => Run($$"""
            INSERT INTO events ("ContractId", "Name", "Version", "At", "Body") VALUES ('{{contract}}', 'ContractStateChanged', 1, now(), '{}') RETURNING "Sequence"
            """, ct);

        public Task Commit(CancellationToken ct) => transaction.CommitAsync(ct);

        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }

        private async Task<long> Run(string sql, CancellationToken ct)
        {
            await using var command = new NpgsqlCommand(sql, connection, transaction);
            return (long)(await command.ExecuteScalarAsync(ct))!;
        }
    }
}
