using System.Collections.Concurrent;
using System.Data.Common;
using System.Net.Sockets;
using MassTransit;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using SQLitePCL;

namespace ExecutionManager.Durability.Tests;

public sealed class When_the_database_does_not_answer(string kind) : ToyFile(kind)
{
    private readonly Guid counter = NewId.NextGuid();

    [Test]
    public async Task Should_hold_messages_count_no_fault_and_say_so_once()
    {
        var (outage, said) = (new Outage(Kind), new Said());
        var host = await Use(new ToyHost(File, configureServices: services => services.AddLogging(logging => logging.AddProvider(said).AddFilter("ExecutionManager", LogLevel.Information)), interceptors: [outage])).Start();
        await host.Bus.Publish(new Count(counter, 1));
        await host.Eventually(async () => await host.Total(counter) == 1 && await host.OutboxCount() == 0, "the first message counted");

        outage.Begin();
        await host.Bus.Publish(new Count(counter, 10));
        await Task.WhenAll(Enumerable.Range(0, 9).Select(_ => host.Bus.Publish(new Count(NewId.NextGuid(), 1))));
        await host.Eventually(() => Task.FromResult(outage.Hits > 50), "they were tried several times");
        outage.End();

        await host.Eventually(async () => await host.Total(counter) == 11 && await host.OutboxCount() == 0, "the held message counted");
        Assert.That(host.Heard.Messages.Where(x => x.Message.CounterId == counter).Select(x => x.Message.Total), Is.EqualTo((int[])[1, 11]));
        Assert.That(said.Lines.Where(line => line.StartsWith("The database", StringComparison.Ordinal)).Select(line => line.Split(';')[0]), Is.EqualTo(new[] { "The database does not answer", "The database answers" }));
    }

    private sealed class Said : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue(formatter(state, exception));

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public void Dispose()
        {
        }
    }

    private sealed class Outage(string kind) : DbTransactionInterceptor
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
            throw kind == Sqlite
                ? new SqliteException("disk I/O error", raw.SQLITE_IOERR)
                : new NpgsqlException("Failed to connect", new SocketException((int)SocketError.ConnectionRefused));
        }
    }
}

internal static class Sending
{
    public static async Task Send<T>(this ISendEndpointProvider endpoints, T message, string queue) where T : class =>
        await (await endpoints.GetSendEndpoint(new Uri($"queue:{queue}"))).Send(message);
}
