using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace ExecutionManager.Durability;

public static class DurabilityModel
{
    // SQLite and PostgreSQL both read double quotes, so one filter serves both.
    private const string IsSet = "\"{0}\" IS NOT NULL";

    /// <summary>Maps the tables Inbox and Outbox. Their migrations belong to the context that calls this.</summary>
    public static ModelBuilder AddDurability(this ModelBuilder model)
    {
        model.Entity<InboxMessage>(row =>
        {
            row.ToTable("Inbox");
            row.HasKey(x => new { x.MessageId, x.ConsumerId });
            row.Property(x => x.ReceivedAt).HasConversion<UtcConverter>();
            row.HasIndex(x => x.ReceivedAt);
        });
        model.Entity<OutboxMessage>(row =>
        {
            row.ToTable("Outbox");
            row.HasKey(x => x.Sequence);
            row.Property(x => x.Destination).HasMaxLength(512);
            row.Property(x => x.ContentType).HasMaxLength(128);
            foreach (var instant in (string[])[nameof(OutboxMessage.EnqueuedAt), nameof(OutboxMessage.DueAt), nameof(OutboxMessage.SentAt), nameof(OutboxMessage.ParkedAt)])
                row.Property(instant).HasConversion<UtcConverter>();

            row.HasIndex(x => new { x.MessageId, x.Destination });
            row.HasIndex(x => new { x.DueAt, x.Sequence }).HasFilter(string.Format(IsSet, nameof(OutboxMessage.DueAt)));
            row.HasIndex(x => x.SchedulingToken).HasFilter(string.Format(IsSet, nameof(OutboxMessage.SchedulingToken)));
            row.HasIndex(x => x.CorrelationId).HasFilter(string.Format(IsSet, nameof(OutboxMessage.ParkedAt)));
        });
        return model;
    }

    /// <summary>SQLite forgets that an instant is UTC.</summary>
    private sealed class UtcConverter() : ValueConverter<DateTime, DateTime>(x => x, x => DateTime.SpecifyKind(x, DateTimeKind.Utc));
}
