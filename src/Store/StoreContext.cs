using System.Text.Json;
using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExecutionManager.Store;

/// <summary>The one model of the product; a subclass for each database brings its migrations.</summary>
public abstract class StoreContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<ContractState> Contracts => Set<ContractState>();
    public DbSet<DocumentRow> Documents => Set<DocumentRow>();
    public DbSet<JournalRow> Journal => Set<JournalRow>();
    public DbSet<TaskRow> Tasks => Set<TaskRow>();
    public DbSet<DeviceRow> Devices => Set<DeviceRow>();
    public DbSet<ContactRow> Contacts => Set<ContactRow>();
    public DbSet<SampleRow> Samples => Set<SampleRow>();
    public DbSet<GrantRow> Grants => Set<GrantRow>();
    public DbSet<ReportRow> Reports => Set<ReportRow>();
    public DbSet<EventRow> Events => Set<EventRow>();

    /// <summary>A device's row, made when there is none: sagas hold it shared, whoever changes it for itself.</summary>
    public Task<DeviceRow> HoldDevice(string deviceId, RowLock strength, CancellationToken ct) =>
        Hold(deviceId, strength, () => new DeviceRow { DeviceId = deviceId }, ct);

    /// <summary>A device's newest contact, made when there is none, to be changed.</summary>
    public Task<ContactRow> HoldContact(string deviceId, CancellationToken ct) =>
        Hold(deviceId, RowLock.Update, () => new ContactRow { DeviceId = deviceId }, ct);

    /// <summary>A task's row, made when there is none: submissions for one task queue up here.</summary>
    public Task<TaskRow> HoldTask(string taskId, CancellationToken ct) =>
        Hold(taskId, RowLock.Update, () => new TaskRow { TaskId = taskId }, ct);

    /// <summary>Of these rows those that nobody else holds, as they are now, held until the transaction ends, where several processes write.</summary>
    /// <param name="tables">Those to be held, as the statement calls them: by the first letter of their names.</param>
    internal virtual IQueryable<T> Free<T>(IQueryable<T> rows, string tables) => rows;

    /// <summary>Stores the latest telemetry, where it is newer than what is there: at most one row of each key, in the order of
    /// the keys. One round trip; the context tracks none of them.</summary>
    internal abstract Task Put(IReadOnlyList<SampleRow> samples, IReadOnlyList<ContactRow> contacts, CancellationToken ct);

    /// <summary>As <see cref="ContactRow.Take"/>.</summary>
    private protected const string UnlessNewerContact = """
        ON CONFLICT ("DeviceId") DO UPDATE SET
            "UptimeMs" = CASE WHEN excluded."Epoch" > contacts."Epoch" OR excluded."UptimeMs" > contacts."UptimeMs" THEN excluded."UptimeMs" ELSE contacts."UptimeMs" END,
            "Epoch" = excluded."Epoch", "ReceivedAt" = excluded."ReceivedAt"
        WHERE (excluded."Epoch", excluded."ReceivedAt") > (contacts."Epoch", contacts."ReceivedAt");
        """;

    private protected const string UnlessNewerSample = """
        ON CONFLICT ("DeviceId", "ContractId") DO UPDATE SET
            "Epoch" = excluded."Epoch", "At" = excluded."At", "ReceivedAt" = excluded."ReceivedAt", "ActionId" = excluded."ActionId",
            "Progress" = excluded."Progress", "Position" = excluded."Position", "Battery" = excluded."Battery", "Values" = excluded."Values"
        WHERE (excluded."Epoch", excluded."ReceivedAt") >= (samples."Epoch", samples."ReceivedAt");
        """;

    /// <summary>A mark of this moment, for <see cref="IsPast"/>.</summary>
    public virtual Task<long> Mark(CancellationToken ct) => Task.FromResult(0L);

    /// <summary>Whether all that were writing at the mark have ended. Where one process writes in turns, it commits in the order of its numbers.</summary>
    public virtual Task<bool> IsPast(long mark, CancellationToken ct) => Task.FromResult(true);

    /// <summary>The row of a key, made when there is none. Where one process writes in turns there is nothing to lock.</summary>
    protected virtual async Task<TRow> Hold<TRow>(string key, RowLock strength, Func<TRow> fresh, CancellationToken ct) where TRow : class =>
        await FindAsync<TRow>([key], ct) ?? Add(fresh()).Entity;

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.AddDurability();
        model.Entity<ContractState>(contract =>
        {
            contract.ToTable("contracts");
            contract.HasKey(one => one.CorrelationId);
            contract.Property(one => one.CorrelationId).ValueGeneratedNever();
            contract.Property(one => one.RowVersion).IsConcurrencyToken();
            contract.Property(one => one.CurrentState).HasMaxLength(32);
            contract.Property(one => one.Intent).HasConversion<string>();
            Json(contract.Property(one => one.Execution));
            Json(contract.Property(one => one.Open));
            Json(contract.Property(one => one.Deadlines));
            Json(contract.Property(one => one.Outcome));
            Json(contract.Property(one => one.LateOutcome));
            contract.HasIndex(one => one.TaskId).IsUnique().HasFilter("\"IsOpen\" = " + True).HasDatabaseName("one_open_contract_per_task");
            contract.HasIndex(one => new { one.TaskId, one.FencingToken });
            contract.HasIndex(one => new { one.DeviceId, one.IsOpen });
            contract.HasIndex(one => new { one.CurrentState, one.CreatedAt });
            contract.HasIndex(one => new { one.CreatedAt, one.CorrelationId });
            contract.HasIndex(one => one.IdempotencyKey).IsUnique();
        });
        model.Entity<DocumentRow>().ToTable("documents").HasKey(row => new { row.ContractId, row.Revision });
        model.Entity<JournalRow>(journal =>
        {
            journal.ToTable("journal").HasKey(row => new { row.ContractId, row.DeviceId, row.Seq });
            journal.HasIndex(row => row.DeviceId);
        });
        model.Entity<TaskRow>().ToTable("tasks").HasKey(row => row.TaskId);
        model.Entity<DeviceRow>(device =>
        {
            device.ToTable("devices").HasKey(row => row.DeviceId);
            device.Ignore(row => row.Connection);
            device.Property(row => row.LossReason).HasConversion<string>();
            device.Property(row => row.Evidence).HasConversion<string>();
            device.Property(row => row.Lease).HasConversion<string>();
        });
        model.Entity<ContactRow>().ToTable("contacts").HasKey(row => row.DeviceId);
        model.Entity<SampleRow>(sample =>
        {
            sample.ToTable("samples").HasKey(row => new { row.DeviceId, row.ContractId });
            sample.HasIndex(row => row.ContractId);
            Json(sample.Property(row => row.Position));
        });
        model.Entity<GrantRow>(grant =>
        {
            grant.ToTable("grants").HasKey(row => row.ContractId);
            grant.HasIndex(row => row.RenewAt);
        });
        model.Entity<ReportRow>(report =>
        {
            report.ToTable("reports").HasKey(row => row.ReconciliationId);
            report.HasIndex(row => row.ContractId);
        });
        model.Entity<EventRow>(entry =>
        {
            entry.ToTable("events").HasKey(row => row.Sequence);
            entry.Property(row => row.Sequence).ValueGeneratedOnAdd();
            entry.HasIndex(row => new { row.ContractId, row.Sequence });
        });
    }

    /// <summary>How the database writes true in the filter of an index.</summary>
    protected abstract string True { get; }

    /// <summary>Values kept as JSON are immutable: they are replaced, so the reference tells whether they changed.</summary>
    private static void Json<T>(PropertyBuilder<T> property) => property.HasConversion(
        value => JsonSerializer.Serialize(value, StoreJson.Options),
        text => JsonSerializer.Deserialize<T>(text, StoreJson.Options)!,
        new ValueComparer<T>((one, other) => ReferenceEquals(one, other), value => value == null ? 0 : value.GetHashCode(), value => value));
}
