using System.Globalization;
using ExecutionManager.Durability;
using ExecutionManager.Store;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.World.Tests;

/// <summary>A world's database, seen past the product: plain and fast, since it is asked after every step.</summary>
internal sealed class Database : IAsyncDisposable
{
    private static readonly Lazy<byte[]> Empty = new(Migrate);
    private readonly SqliteConnection connection;
    private DateTimeOffset? nextDue;
    private bool isWritten = true;

    public Database()
    {
        File = Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"em-world-{Guid.NewGuid():N}.db");
        System.IO.File.WriteAllBytes(File, Empty.Value);
        connection = new SqliteConnection(ConnectionString);
        connection.Open();
        Context = new SqliteStoreContext(new DbContextOptionsBuilder<SqliteStoreContext>().UseSqlite(connection).Options);
    }

    public string File { get; }

    public string ConnectionString => $"Data Source={File}";

    public SqliteStoreContext Context { get; }

    /// <summary>A number for all that a message may change.</summary>
    public async Task<string> Fingerprint() => (string)(await Ask("""
        SELECT (SELECT TOTAL(RowVersion) FROM contracts) || '/' || (SELECT COUNT(*) FROM events) || '/' || (SELECT COUNT(*) FROM journal) || '/'
            || (SELECT TOTAL(Change) FROM devices) || '/' || COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'Outbox'), 0)
        """))!;

    /// <summary>When the earliest waiting message is due; null if none waits.</summary>
    public async Task<DateTimeOffset?> NextDue()
    {
        if (isWritten)
        {
            nextDue = await Ask("SELECT MIN(DueAt) FROM Outbox WHERE DueAt IS NOT NULL") is string due
                ? new DateTimeOffset(DateTime.Parse(due, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal))
                : null;
            isWritten = false;
        }
        return nextDue;
    }

    /// <summary>Somebody may have written: what was read before is forgotten.</summary>
    public void Written() => isWritten = true;

    /// <summary>Takes what is due, in order, as the relay does.</summary>
    public async Task<IReadOnlyList<OutboxMessage>> TakeDue(DateTimeOffset now)
    {
        if (!(await NextDue() <= now))
            return [];
        var rows = await Context.Set<OutboxMessage>().AsNoTracking().Where(row => row.DueAt <= now.UtcDateTime).OrderBy(row => row.DueAt).ThenBy(row => row.Sequence).ToListAsync();
        Written();
        await Ask($"UPDATE Outbox SET SentAt = DueAt, DueAt = NULL WHERE Sequence IN ({string.Join(',', rows.Select(row => row.Sequence))})");
        return rows;
    }

    /// <summary>Somebody outside has it.</summary>
    public Task Consumed(OutboxMessage row) => Ask($"DELETE FROM Outbox WHERE Sequence = {row.Sequence}");

    public async Task Select(string query, Action<SqliteDataReader> each)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = query;
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
            each(rows);
    }

    public async Task<object?> Ask(string query)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = query;
        return await command.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Context.DisposeAsync();
        await connection.DisposeAsync();
        SqliteConnection.ClearPool(connection);
        foreach (var part in new[] { File, File + "-wal", File + "-shm" })
            System.IO.File.Delete(part);
    }

    private static byte[] Migrate()
    {
        var file = Path.GetTempFileName();
        using (var db = new SqliteStoreContext(new DbContextOptionsBuilder<SqliteStoreContext>().UseSqlite($"Data Source={file};Pooling=False").Options))
            db.Database.Migrate();
        var bytes = System.IO.File.ReadAllBytes(file);
        System.IO.File.Delete(file);
        return bytes;
    }
}
