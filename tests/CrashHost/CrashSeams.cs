using ExecutionManager.Durability;
using MassTransit;
using MassTransit.Middleware;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.CrashHost;

internal static class CrashSeams
{
    public static void CrashAt(this IServiceCollection services, Crash crash)
    {
        services.Decorate<IDurableDatabase>(inner => new CrashingDatabase(inner, crash));
        services.Decorate<IOutboxSender>(inner => new CrashingSender(inner, crash));
        services.Decorate<IOutboxContextFactory<DbContext>>(inner => new NamingInbox(inner));
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
    private sealed class NamingInbox(IOutboxContextFactory<DbContext> inner) : IOutboxContextFactory<DbContext>
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

        public async Task<IReadOnlyList<OutboxMessage>> Claim(DbContext db, DateTime now, DateTime until, int limit, CancellationToken cancellationToken)
        {
            var rows = await inner.Claim(db, now, until, limit, cancellationToken);
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

    private static string Name(this OutboxMessage message)
    {
        var urn = message.MessageType.Split(';')[0];
        return urn[(urn.LastIndexOf(':') + 1)..];
    }
}
