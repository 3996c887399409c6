using MassTransit;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace ExecutionManager.Durability;

/// <summary>SQLite has one writer: transactions queue up in order before they begin, so none of them ever conflicts here.</summary>
internal sealed class SqliteDatabase : IDurableDatabase
{
    // Primary result codes: what the file or its lock says, not what the statement says.
    private static readonly HashSet<int> Unavailable =
    [
        SQLitePCL.raw.SQLITE_BUSY, SQLitePCL.raw.SQLITE_LOCKED, SQLitePCL.raw.SQLITE_READONLY, SQLitePCL.raw.SQLITE_IOERR,
        SQLitePCL.raw.SQLITE_FULL, SQLitePCL.raw.SQLITE_CANTOPEN, SQLitePCL.raw.SQLITE_PROTOCOL
    ];

    public async Task<IWriteTransaction> Begin(DbContext db, CancellationToken cancellationToken)
    {
        var turn = await SqliteWriter.Enter(db, cancellationToken);
        try
        {
            return new Transaction(db, await db.Database.BeginTransactionAsync(cancellationToken), turn);
        }
        catch
        {
            turn.Dispose();
            throw;
        }
    }

    public async Task<IReadOnlyList<OutboxMessage>> Claim(
        DbContext db, DateTime now, DateTime until, int limit, IReadOnlyCollection<string> passOver, CancellationToken cancellationToken)
    {
        var ready = db.Set<OutboxMessage>().AsNoTracking().Where(x => x.DueAt <= now);
        if (passOver.Count > 0)
            ready = ready.PassingOver(passOver);
        var due = ready.OrderBy(x => x.DueAt).ThenBy(x => x.Sequence).Take(limit);
        if (!await due.AnyAsync(cancellationToken))
            return [];

        await using var transaction = await Begin(db, cancellationToken);
        var rows = await due.ToListAsync(cancellationToken);
        var taken = rows.ConvertAll(x => x.Sequence);
        await db.Set<OutboxMessage>().Where(x => taken.Contains(x.Sequence)).ExecuteUpdateAsync(
            x => x.SetProperty(p => p.SentAt, now).SetProperty(p => p.DueAt, p => p.Destination.Contains(":") ? until : null),
            cancellationToken);
        await transaction.Commit(cancellationToken);
        return rows;
    }

    public bool IsUnavailable(Exception exception) =>
        exception.Causes().OfType<SqliteException>().Any(x => Unavailable.Contains(x.SqliteErrorCode));

    public bool IsConflict(Exception exception) => exception.Causes().Any(x => x is DbUpdateConcurrencyException or SqliteException
    {
        SqliteExtendedErrorCode: SQLitePCL.raw.SQLITE_CONSTRAINT_UNIQUE or SQLitePCL.raw.SQLITE_CONSTRAINT_PRIMARYKEY
    });

    private sealed class Transaction(DbContext db, IDbContextTransaction transaction, IDisposable turn) : IWriteTransaction
    {
        public async Task<bool> TryReceive(InboxMessage row, CancellationToken cancellationToken) =>
            await db.Database.ExecuteSqlAsync(
                $"INSERT INTO \"Inbox\" (\"MessageId\", \"ConsumerId\", \"ReceivedAt\") VALUES ({row.MessageId}, {row.ConsumerId}, {row.ReceivedAt}) ON CONFLICT DO NOTHING",
                cancellationToken) == 1;

        public Task<TSaga?> Load<TSaga>(Guid correlationId, CancellationToken cancellationToken) where TSaga : class, ISaga =>
            db.Set<TSaga>().FirstOrDefaultAsync(x => x.CorrelationId == correlationId, cancellationToken);

        public Task Cancel(Guid schedulingToken, CancellationToken cancellationToken) =>
            db.Set<OutboxMessage>().Where(x => x.SchedulingToken == schedulingToken).ExecuteDeleteAsync(cancellationToken);

        public async Task AddIfAbsent(object row, CancellationToken cancellationToken)
        {
            await using var command = db.Database.GetDbConnection().CreateCommand();
            command.Transaction = transaction.GetDbTransaction();
            command.CommandText = RowMap.Of(db.Model.FindEntityType(row.GetType())!).Insert(row, null, ifAbsent: true, command.Parameters);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        public async Task Commit(IReadOnlyCollection<OutboxMessage> rows, (Guid MessageId, string Endpoint)? consumed, CancellationToken cancellationToken)
        {
            db.AddRange(rows);
            await db.SaveChangesAsync(cancellationToken);
            if (consumed is { } incoming)
                await db.Set<OutboxMessage>().Delivered(incoming.MessageId, incoming.Endpoint).ExecuteDeleteAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            db.ChangeTracker.Clear();
        }

        public async ValueTask DisposeAsync()
        {
            try
            {
                await transaction.DisposeAsync();
            }
            finally
            {
                turn.Dispose();
            }
        }
    }
}
