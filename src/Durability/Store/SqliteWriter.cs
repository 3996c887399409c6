using System.Collections.Concurrent;
using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ExecutionManager.Durability;

/// <summary>
/// The turn to write to a SQLite file, first come, first served within this process. Without it writers poll for the
/// lock, and the unlucky ones starve.
/// </summary>
internal sealed class SqliteWriter : DbConnectionInterceptor, ISaveChangesInterceptor
{
    private static readonly ConcurrentDictionary<string, SemaphoreSlim> Turns = new(StringComparer.Ordinal);

    private readonly ConditionalWeakTable<DbContext, IDisposable> taken = [];
    private readonly ConditionalWeakTable<object, object> configured = [];

    public static async ValueTask<IDisposable> Enter(DbContext db, CancellationToken cancellationToken)
    {
        var turn = TurnOf(db);
        await turn.WaitAsync(cancellationToken);
        return new Turn(turn);
    }

    // WAL lets readers and the writer alone; FULL makes a commit survive a power cut, not only the end of the process.
    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        // The pool hands out the same handle again and again; it keeps its settings.
        if (connection is not SqliteConnection { Handle: { } handle } || !configured.TryAdd(handle, handle))
            return;
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA busy_timeout = 5000;";
        command.ExecuteNonQuery();
    }

    public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        ConnectionOpened(connection, eventData);
        return Task.CompletedTask;
    }

    public async ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken)
    {
        if (NeedsTurn(eventData.Context) is { } db)
            taken.AddOrUpdate(db, await Enter(db, cancellationToken));
        return result;
    }

    public InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
    {
        if (NeedsTurn(eventData.Context) is { } db)
        {
            TurnOf(db).Wait();
            taken.AddOrUpdate(db, new Turn(TurnOf(db)));
        }
        return result;
    }

    public ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken) =>
        new(SavedChanges(eventData, result));

    public int SavedChanges(SaveChangesCompletedEventData eventData, int result)
    {
        Leave(eventData.Context);
        return result;
    }

    public Task SaveChangesFailedAsync(DbContextErrorEventData eventData, CancellationToken cancellationToken)
    {
        Leave(eventData.Context);
        return Task.CompletedTask;
    }

    public void SaveChangesFailed(DbContextErrorEventData eventData) => Leave(eventData.Context);

    // EF tells of this one here, and then of no failure.
    public ValueTask<InterceptionResult> ThrowingConcurrencyExceptionAsync(
        ConcurrencyExceptionEventData eventData, InterceptionResult result, CancellationToken cancellationToken) => new(ThrowingConcurrencyException(eventData, result));

    public InterceptionResult ThrowingConcurrencyException(ConcurrencyExceptionEventData eventData, InterceptionResult result)
    {
        Leave(eventData.Context);
        return result;
    }

    public Task SaveChangesCanceledAsync(DbContextEventData eventData, CancellationToken cancellationToken)
    {
        Leave(eventData.Context);
        return Task.CompletedTask;
    }

    public void SaveChangesCanceled(DbContextEventData eventData) => Leave(eventData.Context);

    private static SemaphoreSlim TurnOf(DbContext db) =>
        Turns.GetOrAdd(Path.GetFullPath(db.Database.GetDbConnection().DataSource), _ => new SemaphoreSlim(1, 1));

    private static DbContext? NeedsTurn(DbContext? db)
    {
        if (db is null || db.Database.GetDbConnection() is not SqliteConnection || db.Database.CurrentTransaction is not null)
            return null;
        if (UnitOfWork.Current is { } work && TurnOf(work.Db) == TurnOf(db))
            throw new InvalidOperationException(
                $"A {db.GetType().Name} of another scope saves while a message is being consumed: it would wait for itself. Use the scope's own context.");
        return db;
    }

    private void Leave(DbContext? db)
    {
        if (db is not null && taken.TryGetValue(db, out var turn))
        {
            taken.Remove(db);
            turn.Dispose();
        }
    }

    private sealed class Turn(SemaphoreSlim turn) : IDisposable
    {
        private int left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref left, 1) == 0)
                turn.Release();
        }
    }
}
