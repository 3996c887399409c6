using System.Collections.Concurrent;
using System.Data.Common;
using System.Reflection;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace ExecutionManager.Durability;

/// <summary>
/// Rows of one entity type as EF's model maps them, without EF's way to write them: statements that can be sent together
/// with others. Only for types that are no more than a row: whatever else there may be is left to EF.
/// </summary>
internal sealed class RowMap
{
    private const string Annotation = "Durability:Rows";
    private const string Gone = "no such row any more";
    private static readonly MethodInfo Reader = typeof(RowMap).GetMethod(nameof(Get), BindingFlags.NonPublic | BindingFlags.Static)!;

    // These only make parameters.
    private static readonly NpgsqlCommand Npgsql = new();
    private static readonly SqliteCommand Sqlite = new();

    private readonly ConcurrentDictionary<(EntityState Kind, long Columns, bool Option), string> texts = new();
    private readonly IEntityType type;
    private readonly string table = "";
    private readonly Column[] columns = [];
    private readonly Column[] keys = [];

    private RowMap(IEntityType type)
    {
        this.type = type;
        if (!IsRow(type) || type.GetTableMappings().ToList() is not [var mapping] || mapping.Table.EntityTypeMappings.Count() != 1)
            return;
        table = Quote(mapping.Table.Name);
        if (mapping.Table.Schema is { } schema)
            table = $"{Quote(schema)}.{table}";
        columns = [.. mapping.ColumnMappings.Select((x, i) => new Column(x.Property, Quote(x.Column.Name), x.TypeMapping, i))];
        keys = [.. type.FindPrimaryKey()!.Properties.Select(x => columns.Single(y => y.Property == x))];
        IsPlain = columns.Length < 64 && columns.All(x => x.Property.ValueGenerated is ValueGenerated.Never or ValueGenerated.OnAdd);
    }

    /// <summary>False: leave it to EF.</summary>
    public bool IsPlain { get; }

    public bool CanBeRead => IsPlain && type.ClrType.GetConstructor([]) is not null && columns.All(x => !x.Property.IsShadowProperty());

    public string SelectForUpdate => texts.GetOrAdd((EntityState.Unchanged, 0, false), _ =>
        $"SELECT {string.Join(", ", columns.Select(x => x.Name))} FROM {table} WHERE {keys[0].Name} = $1 FOR UPDATE");

    /// <summary>A row that was to be written is gone, or no longer as it was read.</summary>
    public static bool IsGone(PostgresException exception) =>
        exception.SqlState == PostgresErrorCodes.InvalidTextRepresentation && exception.MessageText.Contains(Gone, StringComparison.Ordinal);

    public static RowMap Of(IEntityType type) => type.GetOrAddRuntimeAnnotationValue(Annotation, static x => new RowMap(x!), type);

    /// <summary>True: this change alone cannot come into conflict with another of the same save in another order than EF's.</summary>
    public bool CanWrite(EntityEntry entry) =>
        IsPlain && (entry.State != EntityState.Modified || !columns.Any(x => x.IsUnique && entry.Property(x.Property).IsModified));

    public T Read<T>(DbDataReader reader, DbContext db) where T : class
    {
        var row = Activator.CreateInstance<T>();
        var entry = db.Entry(row);
        foreach (var column in columns)
        {
            if (!reader.IsDBNull(column.Index))
                entry.Property(column.Property).CurrentValue = column.Read(reader);
        }
        entry.State = EntityState.Unchanged;
        return row;
    }

    /// <summary>The statement for a tracked change; its parameters are added in order.</summary>
    /// <param name="isHeld">This transaction holds the row as it was read, so that it must be there, unchanged.</param>
    public string Write(EntityEntry entry, bool isHeld, DbParameterCollection into) => entry.State switch
    {
        EntityState.Added => Insert(entry.Entity, entry, ifAbsent: false, into),
        EntityState.Modified => Update(entry, isHeld, into),
        _ => Delete(entry, isHeld, into)
    };

    public string Insert(object row, EntityEntry? entry, bool ifAbsent, DbParameterCollection into)
    {
        var written = 0L;
        foreach (var column in columns)
        {
            var value = column.Property.IsShadowProperty() ? entry?.Property(column.Property).CurrentValue : column.Property.GetGetter().GetClrValue(row);
            if (column.Property.ValueGenerated == ValueGenerated.OnAdd
                && (value is null || Equals(value, column.Property.Sentinel) || entry?.Property(column.Property).IsTemporary is true))
                continue;   // The database gives it.
            written |= 1L << column.Index;
            column.AddTo(into, value);
        }
        return texts.GetOrAdd((EntityState.Added, written, ifAbsent), key =>
        {
            var names = columns.Where(x => (key.Columns & (1L << x.Index)) != 0).Select(x => x.Name).ToList();
            return $"INSERT INTO {table} ({string.Join(", ", names)}) VALUES ({string.Join(", ", names.Select((_, i) => $"${i + 1}"))}){(ifAbsent ? " ON CONFLICT DO NOTHING" : "")}";
        });
    }

    /// <summary>Rows of one table in the order of their keys, as everybody locks them.</summary>
    public int Compare(EntityEntry one, EntityEntry other)
    {
        foreach (var key in keys)
        {
            var order = Comparer<object>.Default.Compare(one.Property(key.Property).CurrentValue, other.Property(key.Property).CurrentValue);
            if (order != 0)
                return order;
        }
        return 0;
    }

    private string Update(EntityEntry entry, bool isHeld, DbParameterCollection into)
    {
        var written = 0L;
        foreach (var column in columns)
        {
            var property = entry.Property(column.Property);
            if (!property.IsModified)
                continue;
            written |= 1L << column.Index;
            column.AddTo(into, property.CurrentValue);
        }
        var count = into.Count;
        AddIdentity(entry, isHeld, into);
        return texts.GetOrAdd((EntityState.Modified, written, isHeld), key => Guarded(isHeld,
            $"UPDATE {table} SET {string.Join(", ", columns.Where(x => (key.Columns & (1L << x.Index)) != 0).Select((x, i) => $"{x.Name} = ${i + 1}"))}{Identity(isHeld, count)}"));
    }

    private string Delete(EntityEntry entry, bool isHeld, DbParameterCollection into)
    {
        AddIdentity(entry, isHeld, into);
        return texts.GetOrAdd((EntityState.Deleted, 0, isHeld), _ => Guarded(isHeld, $"DELETE FROM {table}{Identity(isHeld, 0)}"));
    }

    private IEnumerable<Column> IdentityOf(bool isHeld) => isHeld ? keys : keys.Concat(columns.Where(x => x.Property.IsConcurrencyToken));

    private void AddIdentity(EntityEntry entry, bool isHeld, DbParameterCollection into)
    {
        foreach (var column in IdentityOf(isHeld))
            column.AddTo(into, entry.Property(column.Property).OriginalValue);
    }

    private string Identity(bool isHeld, int before) =>
        $" WHERE {string.Join(" AND ", IdentityOf(isHeld).Select((x, i) => $"{x.Name} {(x.Property.IsNullable ? "IS NOT DISTINCT FROM" : "=")} ${before + i + 1}"))}";

    // A row that is gone, or was changed, must end the transaction before the COMMIT that is sent along.
    private static string Guarded(bool isHeld, string statement) => isHeld
        ? statement
        : $"WITH written AS ({statement} RETURNING 1) SELECT CASE count(*) WHEN 0 THEN '{Gone}' ELSE '1' END::int FROM written";

    private static bool IsRow(IEntityType type) =>
        type.BaseType is null && !type.GetDirectlyDerivedTypes().Any() && !type.IsOwned() && type.FindPrimaryKey() is not null
        && !type.GetForeignKeys().Any() && !type.GetReferencingForeignKeys().Any() && !type.GetSkipNavigations().Any() && !type.GetComplexProperties().Any()
        && type.GetInsertStoredProcedure() is null && type.GetUpdateStoredProcedure() is null && type.GetDeleteStoredProcedure() is null;

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static object Get<T>(DbDataReader reader, int index) => reader.GetFieldValue<T>(index)!;

    private sealed class Column(IProperty property, string name, RelationalTypeMapping mapping, int index)
    {
        private readonly Func<DbDataReader, int, object> read = Reader
            .MakeGenericMethod(Nullable.GetUnderlyingType(mapping.Converter?.ProviderClrType ?? mapping.ClrType) ?? mapping.Converter?.ProviderClrType ?? mapping.ClrType)
            .CreateDelegate<Func<DbDataReader, int, object>>();

        public IProperty Property => property;

        public string Name => name;

        public int Index => index;

        public bool IsUnique { get; } = property.GetContainingIndexes().Any(x => x.IsUnique);

        public object? Read(DbDataReader reader) => mapping.Converter is { } converter ? converter.ConvertFromProvider(read(reader, index)) : read(reader, index);

        // PostgreSQL counts the unnamed, SQLite reads the name.
        public void AddTo(DbParameterCollection into, object? value) => into.Add(into is NpgsqlParameterCollection
            ? mapping.CreateParameter(Npgsql, "", value, property.IsNullable)
            : mapping.CreateParameter(Sqlite, $"${into.Count + 1}", value, property.IsNullable));
    }
}
