using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Npgsql;

namespace ExecutionManager.Store;

/// <summary>The model on PostgreSQL. Several workers write at once, so a row that is read to be changed, or relied on, is held first.</summary>
public sealed class PostgresStoreContext(DbContextOptions<PostgresStoreContext> options) : StoreContext(options)
{
    protected override string True => "TRUE";

    internal override IQueryable<T> Free<T>(IQueryable<T> rows, string tables) => rows.TagWith($"{LockClause.Start} OF {tables} SKIP LOCKED");

    internal override Task Put(IReadOnlyList<SampleRow> samples, IReadOnlyList<ContactRow> contacts, CancellationToken ct) => Database.ExecuteSqlRawAsync(
        $$"""
        INSERT INTO contacts ("DeviceId", "Epoch", "UptimeMs", "ReceivedAt") SELECT * FROM unnest({0}, {1}, {2}, {3})
        {{UnlessNewerContact}}
        INSERT INTO samples ("DeviceId", "ContractId", "Epoch", "At", "ReceivedAt", "ActionId", "Progress", "Position", "Battery", "Values")
        SELECT * FROM unnest({4}, {5}, {6}, {7}, {8}, {9}, {10}, {11}, {12}, {13})
        {{UnlessNewerSample}}
        """,
        [
            Column(0, contacts, row => row.DeviceId), Column(1, contacts, row => row.Epoch), Column(2, contacts, row => row.UptimeMs),
            Column(3, contacts, row => row.ReceivedAt.ToUniversalTime()),
            Column(4, samples, row => row.DeviceId), Column(5, samples, row => row.ContractId), Column(6, samples, row => row.Epoch),
            Column(7, samples, row => row.At.ToUniversalTime()), Column(8, samples, row => row.ReceivedAt.ToUniversalTime()), Column(9, samples, row => row.ActionId),
            Column(10, samples, row => row.Progress), Column(11, samples, row => row.Position is null ? null : JsonSerializer.Serialize(row.Position, StoreJson.Options)),
            Column(12, samples, row => row.Battery), Column(13, samples, row => row.Values),
        ],
        ct);

    public override Task<long> Mark(CancellationToken ct) =>
        Database.SqlQuery<long>($"""SELECT pg_current_xact_id()::text::bigint AS "Value" """).SingleAsync(ct);

    public override Task<bool> IsPast(long mark, CancellationToken ct) =>
        Database.SqlQuery<bool>($"""SELECT pg_snapshot_xmin(pg_current_snapshot()) > {mark}::text::xid8 AS "Value" """).SingleAsync(ct);

    protected override void ConfigureConventions(ModelConfigurationBuilder conventions) =>
        conventions.Properties<DateTimeOffset>().HaveConversion<Utc>();

    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
        // Sequence numbers are given before the commit: readers of the stream stay below the oldest transaction still open.
        model.Entity<EventRow>().Property<ulong>("TransactionId").HasColumnType("xid8").HasDefaultValueSql("pg_current_xact_id()").ValueGeneratedOnAdd();
    }

    /// <summary>Makes the row when there is none; somebody who makes it at the same moment is waited for.</summary>
    protected override async Task<TRow> Hold<TRow>(string key, RowLock strength, Func<TRow> fresh, CancellationToken ct)
    {
        if (Set<TRow>().Local.FindEntry(key) is { } own)
        {
            return own.Entity;
        }

        var entity = Model.FindEntityType(typeof(TRow))!;
        var table = StoreObjectIdentifier.Create(entity, StoreObjectType.Table)!.Value;
        var read = $"SELECT * FROM \"{table.Name}\" WHERE \"{entity.FindPrimaryKey()!.Properties.Single().GetColumnName(table)}\" = {{0}} FOR {strength.ToString().ToUpperInvariant()}";
        if (await Set<TRow>().FromSqlRaw(read, key).ToListAsync(ct) is [var row])
        {
            return row;
        }

        var made = fresh();
        var columns = entity.GetProperties()
            .Select(property => (Name: property.GetColumnName(table), Mapping: property.GetTypeMapping(), Value: property.GetGetter().GetClrValue(made)))
            .Where(column => column.Value is not null)
            .ToList();
        var write = $"INSERT INTO \"{table.Name}\" ({string.Join(", ", columns.Select(column => $"\"{column.Name}\""))}) "
            + $"VALUES ({string.Join(", ", columns.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"{{{i}}}")))}) ON CONFLICT DO NOTHING";
        await Database.ExecuteSqlRawAsync(write, columns.Select(column => column.Mapping.Converter?.ConvertToProvider(column.Value) ?? column.Value!), ct);
        return (await Set<TRow>().FromSqlRaw(read, key).ToListAsync(ct)).Single();
    }

    private static NpgsqlParameter<T[]> Column<TRow, T>(int number, IReadOnlyList<TRow> rows, Func<TRow, T> value) =>
        new($"p{number}", rows.Select(value).ToArray());

    private sealed class Utc() : ValueConverter<DateTimeOffset, DateTimeOffset>(instant => instant.ToUniversalTime(), instant => instant);
}
