using System.Runtime.CompilerServices;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace ExecutionManager.Durability;

/// <summary>
/// The first trip brings BEGIN, the inbox row and the saga; the last one all that is written, and COMMIT. It is EF's
/// transaction on EF's connection, so what a handler does in between takes part in it.
/// </summary>
internal sealed class PostgresTransaction(DbContext db, OutboxInterceptor interceptor, IDbContextTransaction transaction) : IWriteTransaction
{
    private const string Cancelled = "DELETE FROM \"Outbox\" WHERE \"SchedulingToken\" = ANY($1)";
    private const string Delivered = "DELETE FROM \"Outbox\" WHERE \"MessageId\" = $1 AND \"Destination\" = $2 AND \"ParkedAt\" IS NULL";

    private static readonly ConditionalWeakTable<IDbContextOptions, StrongBox<bool>> Own = [];

    private readonly List<Guid> cancelled = [];
    private readonly List<object> absent = [];
    private object? held;

    // Waits for another transaction that is handling the same message: when that one commits, this is the duplicate.
    public async Task<bool> TryReceive(InboxMessage row, CancellationToken cancellationToken)
    {
        await using var batch = Batch();
        Insert(batch, row, ifAbsent: true);
        return await batch.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    public async Task<TSaga?> Load<TSaga>(Guid correlationId, CancellationToken cancellationToken) where TSaga : class, ISaga
    {
        var type = db.Model.FindEntityType(typeof(TSaga))!;
        var table = StoreObjectIdentifier.Create(type, StoreObjectType.Table)!.Value;
        var sql = db.GetService<ISqlGenerationHelper>();
        var key = sql.DelimitIdentifier(type.FindProperty(nameof(ISaga.CorrelationId))!.GetColumnName(table)!);
        var read = $"SELECT * FROM {sql.DelimitIdentifier(table.Name, table.Schema)} WHERE {key} = {{0}} FOR UPDATE";
        var saga = (await db.Set<TSaga>().FromSqlRaw(read, correlationId).ToListAsync(cancellationToken)).SingleOrDefault();
        held = saga;
        return saga;
    }

    public async Task<(bool IsNew, TSaga? Saga)> Receive<TSaga>(InboxMessage row, Guid correlationId, CancellationToken cancellationToken) where TSaga : class, ISaga
    {
        var map = RowMap.Of(db.Model.FindEntityType(typeof(TSaga))!);
        if (!map.CanBeRead || db.ChangeTracker.Entries<TSaga>().Any())
            return await TryReceive(row, cancellationToken) ? (true, await Load<TSaga>(correlationId, cancellationToken)) : (false, null);

        await using var batch = Batch();
        Insert(batch, row, ifAbsent: true);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(map.SelectForUpdate) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = correlationId } } });
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var saga = await reader.ReadAsync(cancellationToken) ? map.Read<TSaga>(reader, db) : null;
        held = saga;
        return (batch.BatchCommands[0].RecordsAffected == 1, saga);
    }

    public Task Cancel(Guid schedulingToken, CancellationToken cancellationToken)
    {
        cancelled.Add(schedulingToken);
        return Task.CompletedTask;
    }

    public Task AddIfAbsent(object row, CancellationToken cancellationToken)
    {
        absent.Add(row);
        return Task.CompletedTask;
    }

    public async Task Commit(IReadOnlyCollection<OutboxMessage> rows, (Guid MessageId, string Endpoint)? consumed, CancellationToken cancellationToken)
    {
        var changes = db.ChangeTracker.Entries().Where(x => x.State is EntityState.Added or EntityState.Modified or EntityState.Deleted).ToList();
        if (!Own.GetValue(db.GetService<IDbContextOptions>(), _ => new(IsOwn(db))).Value || !changes.TrueForAll(x => RowMap.Of(x.Metadata).CanWrite(x)))
        {
            await db.SaveChangesAsync(cancellationToken);
            changes.Clear();
        }

        await using var batch = Batch();
        if (cancelled.Count > 0)
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Cancelled) { Parameters = { new NpgsqlParameter<Guid[]> { TypedValue = [.. cancelled] } } });
        if (consumed is var (messageId, endpoint))
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Delivered) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = messageId }, new NpgsqlParameter<string> { TypedValue = endpoint } } });
        foreach (var change in changes.Order(Comparer<EntityEntry>.Create(InOrder)))
        {
            var command = new NpgsqlBatchCommand();
            command.CommandText = RowMap.Of(change.Metadata).Write(change, ReferenceEquals(change.Entity, held), command.Parameters);
            batch.BatchCommands.Add(command);
        }
        foreach (var row in absent)
            Insert(batch, row, ifAbsent: true);
        foreach (var row in rows)
            Insert(batch, row, ifAbsent: false);
        // After a statement that failed unnoticed, a COMMIT alone would roll back and say nothing.
        if (batch.BatchCommands.Count == 0)
            batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT 1"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        try
        {
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException exception) when (RowMap.IsGone(exception))
        {
            throw new DbUpdateConcurrencyException("A row was changed or deleted meanwhile.", exception);
        }
        db.ChangeTracker.Clear();
        interceptor.Committed(db);
    }

    public ValueTask DisposeAsync() => transaction.DisposeAsync();

    private NpgsqlBatch Batch() => new((NpgsqlConnection)db.Database.GetDbConnection(), (NpgsqlTransaction)transaction.GetDbTransaction());

    private void Insert(NpgsqlBatch batch, object row, bool ifAbsent)
    {
        var command = new NpgsqlBatchCommand();
        command.CommandText = RowMap.Of(db.Model.FindEntityType(row.GetType())!).Insert(row, null, ifAbsent, command.Parameters);
        batch.BatchCommands.Add(command);
    }

    /// <summary>What makes room first, then what needs it; rows of one table as everybody locks them.</summary>
    private static int InOrder(EntityEntry one, EntityEntry other)
    {
        var order = Rank(one.State).CompareTo(Rank(other.State));
        if (order == 0)
            order = string.CompareOrdinal(one.Metadata.Name, other.Metadata.Name);
        return order != 0 || one.State == EntityState.Added ? order : RowMap.Of(one.Metadata).Compare(one, other);

        static int Rank(EntityState state) => state switch { EntityState.Deleted => 0, EntityState.Modified => 1, _ => 2 };
    }

    /// <summary>A context that does more on saving than EF does is saved by it.</summary>
    private static bool IsOwn(DbContext db) =>
        new[] { (Type[])[typeof(bool), typeof(CancellationToken)], [typeof(CancellationToken)] }
            .All(x => db.GetType().GetMethod(nameof(DbContext.SaveChangesAsync), x)!.DeclaringType == typeof(DbContext))
        && db.GetService<IDbContextOptions>().FindExtension<CoreOptionsExtension>()?.Interceptors?
            .Any(x => x is ISaveChangesInterceptor && x.GetType().Assembly != typeof(PostgresTransaction).Assembly) is not true;
}
