using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace ExecutionManager.Store;

/// <summary>The model on PostgreSQL. Several workers write at once, so a row that is read to be changed, or relied on, is held first.</summary>
public sealed class PostgresStoreContext(DbContextOptions<PostgresStoreContext> options) : StoreContext(options)
{
    protected override string True => "TRUE";

    public override async Task<IReadOnlyList<Guid>> HoldContracts(IReadOnlyCollection<Guid> contractIds, CancellationToken ct)
    {
        var ids = contractIds.ToArray();
        return await Database.SqlQuery<Guid>($"""
            SELECT "CorrelationId" FROM contracts WHERE "CorrelationId" = ANY({ids}) ORDER BY "CorrelationId" FOR UPDATE SKIP LOCKED
            """).ToListAsync(ct);
    }

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

    private sealed class Utc() : ValueConverter<DateTimeOffset, DateTimeOffset>(instant => instant.ToUniversalTime(), instant => instant);
}
