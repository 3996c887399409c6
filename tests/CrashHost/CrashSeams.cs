using ExecutionManager.Durability;
using MassTransit;
using MassTransit.Middleware;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.CrashHost;

internal static class CrashSeams
{
    public static void CrashAt(this IServiceCollection services, Crash crash)
    {
        services.Decorate<IDurableDatabase>(inner => new CrashingDatabase(inner, crash));
        services.Decorate<IOutboxSender>(inner => new CrashingSender(inner, crash));
        services.Decorate<IOutboxContextFactory<IConsumer>>(inner => new NamingInbox<IConsumer>(inner));
        services.Decorate<IOutboxContextFactory<ISaga>>(inner => new NamingInbox<ISaga>(inner));
        services.AddPublishObserver(_ => new CrashingPublisher(crash));
        services.AddSingleton<IStartupFilter, NamingRequests>();
        // What a dead relay had taken is free again soon.
        services.PostConfigure<DurabilityOptions>(options => (options.SendTimeout, options.Lease) = (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3)));
    }

    private static void Decorate<T>(this IServiceCollection services, Func<T, T> around) where T : class
    {
        var inner = services.Last(service => service.ServiceType == typeof(T));
        services.Add(new ServiceDescriptor(
            typeof(T),
            provider => around((T)(inner.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!))),
            inner.Lifetime));
    }

    /// <summary>Says what is being consumed to the transaction below.</summary>
    private sealed class NamingInbox<TKind>(IOutboxContextFactory<TKind> inner) : IOutboxContextFactory<TKind> where TKind : class
    {
        public async Task Send<T>(ConsumeContext<T> context, OutboxConsumeOptions options, IPipe<OutboxConsumeContext<T>> next) where T : class
        {
            Crash.Consuming = typeof(T).Name;
            await inner.Send(context, options, next);
        }

        public void Probe(ProbeContext context) => inner.Probe(context);
    }

    private sealed class CrashingDatabase(IDurableDatabase inner, Crash crash) : IDurableDatabase
    {
        public async Task<IWriteTransaction> Begin(DbContext db, CancellationToken cancellationToken) =>
            new CrashingTransaction(await inner.Begin(db, cancellationToken), crash);

        public async Task<IReadOnlyList<OutboxMessage>> Claim(
        DbContext db, DateTime now, DateTime until, int limit, IReadOnlyCollection<string> passOver, CancellationToken cancellationToken)
        {
            var rows = await inner.Claim(db, now, until, limit, passOver, cancellationToken);
            if (rows.Count > 0 && crash.IsBroken(Crash.DeleteBeforeSend))
            {
                var taken = rows.Select(row => row.Sequence).ToList();
                await db.Set<OutboxMessage>().Where(row => taken.Contains(row.Sequence)).ExecuteDeleteAsync(cancellationToken);
            }

            foreach (var row in rows)
            {
                crash.Pass(Crash.AfterClaimBeforeSend, row.Name());
            }

            return rows;
        }

        public bool IsUnavailable(Exception exception) => inner.IsUnavailable(exception);

        public bool IsConflict(Exception exception) => inner.IsConflict(exception);
    }

    private sealed class CrashingTransaction(IWriteTransaction inner, Crash crash) : IWriteTransaction
    {
        public async Task<bool> TryReceive(InboxMessage row, CancellationToken cancellationToken)
        {
            var isNew = crash.IsBroken(Crash.WithoutInbox) || await inner.TryReceive(row, cancellationToken);
            crash.Pass(Crash.AfterInboxInsert, Crash.Consuming);
            return isNew;
        }

        public async Task<TSaga?> Load<TSaga>(Guid correlationId, CancellationToken cancellationToken) where TSaga : class, ISaga
        {
            var saga = await inner.Load<TSaga>(correlationId, cancellationToken);
            crash.Pass(Crash.AfterSagaLoad, Crash.Consuming);
            return saga;
        }

        public async Task<(bool IsNew, TSaga? Saga)> Receive<TSaga>(InboxMessage row, Guid correlationId, CancellationToken cancellationToken) where TSaga : class, ISaga
        {
            if (crash.IsBroken(Crash.WithoutInbox))
            {
                return (true, await Load<TSaga>(correlationId, cancellationToken));
            }

            var received = await inner.Receive<TSaga>(row, correlationId, cancellationToken);
            crash.Pass(Crash.AfterSagaLoad, Crash.Consuming);
            return received;
        }

        public Task Cancel(Guid schedulingToken, CancellationToken cancellationToken) => inner.Cancel(schedulingToken, cancellationToken);

        public Task AddIfAbsent(object row, CancellationToken cancellationToken) => inner.AddIfAbsent(row, cancellationToken);

        public async Task Commit(IReadOnlyCollection<OutboxMessage> rows, (Guid MessageId, string Endpoint)? consumed, CancellationToken cancellationToken)
        {
            crash.Pass(Crash.BeforeCommit, Crash.Consuming);
            await inner.Commit(rows, consumed, cancellationToken);
            crash.Pass(Crash.AfterCommitBeforeAck, Crash.Consuming);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class CrashingSender(IOutboxSender inner, Crash crash) : IOutboxSender
    {
        public bool IsAvailable => inner.IsAvailable;

        public async Task Send(OutboxMessage message, CancellationToken cancellationToken)
        {
            await inner.Send(message, cancellationToken);
            crash.Pass(Crash.AfterSendBeforeDelete, message.Name());
        }
    }

    /// <summary>The adapter alone publishes past the outbox: what a device said has reached the bus, and its broker does not know.</summary>
    private sealed class CrashingPublisher(Crash crash) : IPublishObserver
    {
        public Task PrePublish<T>(PublishContext<T> context) where T : class => Task.CompletedTask;

        public Task PostPublish<T>(PublishContext<T> context) where T : class
        {
            crash.Pass(Crash.AfterPublishBeforePuback, typeof(T).Name);
            return Task.CompletedTask;
        }

        public Task PublishFault<T>(PublishContext<T> context, Exception exception) where T : class => Task.CompletedTask;
    }

    /// <summary>Says to the transaction below which method it is asked by.</summary>
    private sealed class NamingRequests : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((http, following) =>
            {
                Crash.Consuming = http.Request.Method;
                return following();
            });
            next(app);
        };
    }

    private static string Name(this OutboxMessage message)
    {
        var urn = message.MessageType.Split(';')[0];
        return urn[(urn.LastIndexOf(':') + 1)..];
    }
}
