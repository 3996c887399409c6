using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace ExecutionManager.Store;

/// <summary>The model on SQLite, the embedded default. Instants are UTC ticks there, so that they sort and compare.</summary>
public sealed class SqliteStoreContext(DbContextOptions<SqliteStoreContext> options) : StoreContext(options)
{
    protected override string True => "1";

    internal override Task Put(IReadOnlyList<SampleRow> samples, IReadOnlyList<ContactRow> contacts, CancellationToken ct) => Database.ExecuteSqlRawAsync(
        $$"""
        INSERT INTO contacts ("DeviceId", "Epoch", "UptimeMs", "ReceivedAt")
        SELECT value ->> 'DeviceId', value ->> 'Epoch', value ->> 'UptimeMs', value ->> 'ReceivedAt' FROM json_each({0}) WHERE TRUE
        {{UnlessNewerContact}}
        INSERT INTO samples ("DeviceId", "ContractId", "Epoch", "At", "ReceivedAt", "ActionId", "Progress", "Position", "Battery", "Values")
        SELECT value ->> 'DeviceId', value ->> 'ContractId', value ->> 'Epoch', value ->> 'At', value ->> 'ReceivedAt', value ->> 'ActionId',
            value ->> 'Progress', value ->> 'Position', value ->> 'Battery', value ->> 'Values' FROM json_each({1}) WHERE TRUE
        {{UnlessNewerSample}}
        """,
        [
            JsonSerializer.Serialize(contacts.Select(row => new { row.DeviceId, row.Epoch, row.UptimeMs, ReceivedAt = row.ReceivedAt.UtcTicks })),
            JsonSerializer.Serialize(samples.Select(row => new
            {
                row.DeviceId, ContractId = row.ContractId.ToString().ToUpperInvariant(), row.Epoch, At = row.At.UtcTicks, ReceivedAt = row.ReceivedAt.UtcTicks,
                row.ActionId, row.Progress, Position = row.Position is null ? null : JsonSerializer.Serialize(row.Position, StoreJson.Options), row.Battery, row.Values,
            })),
        ],
        ct);

    protected override void ConfigureConventions(ModelConfigurationBuilder conventions)
    {
        conventions.Properties<DateTimeOffset>().HaveConversion<UtcTicks>();
        conventions.Properties<TimeSpan>().HaveConversion<long>();
    }

    private sealed class UtcTicks() : ValueConverter<DateTimeOffset, long>(
        instant => instant.UtcTicks, ticks => new DateTimeOffset(ticks, TimeSpan.Zero));
}
