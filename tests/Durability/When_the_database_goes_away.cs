using System.Data.Common;
using MassTransit;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace ExecutionManager.Durability.Tests;

/// <summary>PostgreSQL itself ends the connections and knows the database no more, until it is given back.</summary>
[TestFixture]
public sealed class When_the_database_goes_away() : ToyFile(Postgres)
{
    private readonly Guid counter = NewId.NextGuid();

    [Test]
    public async Task Should_settle_what_was_sent_when_it_is_back_and_not_send_it_again()
    {
        var sender = new Sender { OnSend = () => Rename(Name, Away) };
        var host = await Start(sender);

        await host.Get<StandaloneOutbox>().PublishEndpoint.Publish(new Count(counter, 1));
        await host.Eventually(() => Task.FromResult(sender.Sent == 1 && sender.IsOver && tries.Failed > 3), "it was sent, and settling was tried in vain");
        await Rename(Away, Name);

        await host.Eventually(async () => await host.OutboxCount() == 0, "the row is gone");
        Assert.That(sender.Sent, Is.EqualTo(1));
    }

    [Test]
    public async Task Should_consume_when_it_is_back_what_came_meanwhile()
    {
        var host = await Start(null);
        await host.Bus.Publish(new Count(counter, 1));
        await host.Eventually(async () => await host.Total(counter) == 1 && await host.OutboxCount() == 0, "the first message counted");

        await Rename(Name, Away);
        await host.Bus.Publish(new Count(counter, 10));
        await host.Eventually(() => Task.FromResult(tries.Failed > 3), "it was tried in vain");
        await Rename(Away, Name);

        await host.Eventually(async () => await host.Total(counter) == 11 && host.Heard.Messages.Count == 2, "the held message counted");
    }

    private readonly Tries tries = new();

    private string Name => new NpgsqlConnectionStringBuilder(File).Database!;

    private string Away => $"{Name}_away";

    private async Task<ToyHost> Start(IOutboxSender? sender)
    {
        var host = Use(new ToyHost(
            File, configureServices: x =>
            {
                if (sender is not null)
                    x.AddSingleton(sender);
            }, broker: await Servers.CreateVirtualHost(), interceptors: [tries]));
        await host.Start();
        await host.Get<IBusControl>().WaitForHealthStatus(BusHealthStatus.Healthy, CancellationToken.None);
        return host;
    }

    private static async Task Rename(string from, string to)
    {
        await using var server = NpgsqlDataSource.Create(Servers.Postgres);
        while (true)
        {
            await using var end = server.CreateCommand($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{from}'");
            await end.ExecuteNonQueryAsync();
            await using var rename = server.CreateCommand($"ALTER DATABASE \"{from}\" RENAME TO \"{to}\"");
            try
            {
                await rename.ExecuteNonQueryAsync();
                return;
            }
            catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.ObjectInUse)
            {
                // Somebody was quick to connect again.
            }
        }
    }

    private sealed class Tries : DbConnectionInterceptor
    {
        private int failed;

        public int Failed => Volatile.Read(ref failed);

        public override Task ConnectionFailedAsync(DbConnection connection, ConnectionErrorEventData eventData, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref failed);
            return Task.CompletedTask;
        }
    }

    private sealed class Sender : IOutboxSender
    {
        private volatile bool isOver;
        private int sent;

        public required Func<Task> OnSend { get; init; }

        public int Sent => Volatile.Read(ref sent);

        public bool IsOver => isOver;

        public async Task Send(OutboxMessage message, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref sent);
            await OnSend();
            isOver = true;
        }
    }
}
