using System.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace ExecutionManager.Durability;

/// <summary>PostgreSQL, READ COMMITTED: writers of one saga queue up at its row, relays pass over each other's rows.</summary>
internal sealed class PostgresDatabase(OutboxInterceptor interceptor) : IDurableDatabase
{
    // Classes and codes that speak of the server, the connection or its rights, not of the statement.
    private static readonly string[] Unavailable =
    [
        "08", "28", "53", "58", PostgresErrorCodes.AdminShutdown, PostgresErrorCodes.CrashShutdown, PostgresErrorCodes.CannotConnectNow,
        PostgresErrorCodes.InvalidCatalogName, PostgresErrorCodes.ObjectNotInPrerequisiteState, PostgresErrorCodes.ReadOnlySqlTransaction,
        // Stopped by an administrator, or while a backup is restored: no fault of the message.
        PostgresErrorCodes.QueryCanceled, PostgresErrorCodes.UndefinedTable, PostgresErrorCodes.InsufficientPrivilege
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

    private static readonly string ClaimPassingOver = ClaimDue.Replace("<= {0} ORDER", "<= {0} AND \"Destination\" <> ALL ({3}) ORDER", StringComparison.Ordinal);

    public async Task<IWriteTransaction> Begin(DbContext db, CancellationToken cancellationToken)
    {
        // A savepoint around each save would cost two round trips; only an insert that may lose a race asks for one.
        db.Database.AutoSavepointsEnabled = false;
        return new PostgresTransaction(db, interceptor, await db.Database.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken));
    }

    public async Task<IReadOnlyList<OutboxMessage>> Claim(
        DbContext db, DateTime now, DateTime until, int limit, IReadOnlyCollection<string> passOver, CancellationToken cancellationToken)
    {
        var claim = passOver.Count == 0
            ? db.Set<OutboxMessage>().FromSqlRaw(ClaimDue, now, limit, until)
            : db.Set<OutboxMessage>().FromSqlRaw(ClaimPassingOver, now, limit, until, passOver.ToArray());
        var rows = await claim.AsNoTracking().ToListAsync(cancellationToken);
        rows.Sort((one, other) => one.Sequence.CompareTo(other.Sequence));
        return rows;
    }

    public bool IsUnavailable(Exception exception) => !IsConflict(exception) && exception is not OperationCanceledException
        && exception.Causes().OfType<NpgsqlException>().Any(x => x is PostgresException { SqlState: var state }
            ? Unavailable.Any(code => state.StartsWith(code, StringComparison.Ordinal))
            : x.IsTransient || x.InnerException is IOException or TimeoutException);

    public bool IsConflict(Exception exception) => exception.Causes().Any(x =>
        x is DbUpdateConcurrencyException or TransactionBrokenException || (x is PostgresException { SqlState: var state } && Conflicts.Contains(state)));
}
