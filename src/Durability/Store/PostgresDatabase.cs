using System.Collections.Concurrent;
using System.Data;
using System.Globalization;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace ExecutionManager.Durability;

/// <summary>PostgreSQL, READ COMMITTED: writers of one saga queue up at its row, relays pass over each other's rows.</summary>
internal sealed class PostgresDatabase : IDurableDatabase
{
    // Classes and codes that speak of the server, the connection or its rights, not of the statement.
    private static readonly string[] Unavailable =
    [
        "08", "28", "53", "58", PostgresErrorCodes.AdminShutdown, PostgresErrorCodes.CrashShutdown, PostgresErrorCodes.CannotConnectNow,
        PostgresErrorCodes.InvalidCatalogName, PostgresErrorCodes.ReadOnlySqlTransaction
    ];

    private static readonly HashSet<string> Conflicts =
    [
        PostgresErrorCodes.UniqueViolation, PostgresErrorCodes.SerializationFailure, PostgresErrorCodes.DeadlockDetected, PostgresErrorCodes.LockNotAvailable
    ];

    // Locking and changing in one statement: what another relay holds is passed over, so no row is taken twice.
    private const string ClaimDue = """
        WITH due AS MATERIALIZED (
            SELECT "Sequence" FROM "Outbox" WHERE "DueAt" <= {0} ORDER BY "DueAt", "Sequence" LIMIT {1} FOR UPDATE SKIP LOCKED)
        UPDATE "Outbox" SET "SentAt" = {0}, "DueAt" = CASE WHEN strpos("Destination", ':') > 0 THEN {2}::timestamptz END
        FROM due WHERE "Outbox"."Sequence" = due."Sequence"
        RETURNING "Outbox".*
        """;

    private readonly ConcurrentDictionary<Type, string> locks = new();

    public async Task<IWriteTransaction> Begin(DbContext db, CancellationToken cancellationToken)
    {
        // A savepoint around each save would cost two round trips; only an insert that may lose a race asks for one.
        db.Database.AutoSavepointsEnabled = false;
        return new Transaction(this, db, await db.Database.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken));
    }

    public async Task<IReadOnlyList<OutboxMessage>> Claim(DbContext db, DateTime now, DateTime until, int limit, CancellationToken cancellationToken)
    {
        var rows = await db.Set<OutboxMessage>().FromSqlRaw(ClaimDue, now, limit, until).AsNoTracking().ToListAsync(cancellationToken);
        rows.Sort((one, other) => one.Sequence.CompareTo(other.Sequence));
        return rows;
    }

    public bool IsUnavailable(Exception exception) => !exception.Causes().OfType<PostgresException>().Any(x => Conflicts.Contains(x.SqlState))
        && exception.Causes().OfType<NpgsqlException>().Any(x => x is PostgresException { SqlState: var state }
            ? Unavailable.Any(code => state.StartsWith(code, StringComparison.Ordinal))
            : x.IsTransient || x.InnerException is IOException or TimeoutException);

    public bool IsConflict(Exception exception) => exception.Causes().Any(x =>
        x is DbUpdateConcurrencyException || (x is PostgresException { SqlState: var state } && Conflicts.Contains(state)));

    private string LockOf<TSaga>(DbContext db) => locks.GetOrAdd(typeof(TSaga), type =>
    {
        var entity = db.Model.FindEntityType(type)!;
        var table = StoreObjectIdentifier.Create(entity, StoreObjectType.Table)!.Value;
        var key = entity.FindProperty(nameof(ISaga.CorrelationId))!.GetColumnName(table)!;
        var sql = db.GetService<ISqlGenerationHelper>();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"SELECT * FROM {sql.DelimitIdentifier(table.Name, table.Schema)} WHERE {sql.DelimitIdentifier(key)} = {{0}} FOR UPDATE");
    });

    private sealed class Transaction(PostgresDatabase database, DbContext db, IDbContextTransaction transaction) : IWriteTransaction
    {
        // Waits for another transaction that is handling the same message: when that one commits, this is the duplicate.
        public async Task<bool> TryReceive(InboxMessage row, CancellationToken cancellationToken) =>
            await db.Database.ExecuteSqlAsync(
                $"INSERT INTO \"Inbox\" (\"MessageId\", \"ConsumerId\", \"ReceivedAt\") VALUES ({row.MessageId}, {row.ConsumerId}, {row.ReceivedAt}) ON CONFLICT DO NOTHING",
                cancellationToken) == 1;

        public async Task<TSaga?> Load<TSaga>(Guid correlationId, CancellationToken cancellationToken) where TSaga : class, ISaga =>
            (await db.Set<TSaga>().FromSqlRaw(database.LockOf<TSaga>(db), correlationId).ToListAsync(cancellationToken)).SingleOrDefault();

        public async Task Commit(IReadOnlyCollection<OutboxMessage> rows, (Guid MessageId, string Endpoint)? consumed, CancellationToken cancellationToken)
        {
            db.AddRange(rows);
            await db.SaveChangesAsync(cancellationToken);
            if (consumed is { } incoming)
                await db.Set<OutboxMessage>().Delivered(incoming.MessageId, incoming.Endpoint).ExecuteDeleteAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        public ValueTask DisposeAsync() => transaction.DisposeAsync();
    }
}
