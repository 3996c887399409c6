using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Durability;

internal static class OutboxQueries
{
    /// <summary>The row that brought a message to an endpoint, unless it was parked meanwhile.</summary>
    public static IQueryable<OutboxMessage> Delivered(this IQueryable<OutboxMessage> rows, Guid messageId, string endpoint) =>
        rows.Where(x => x.MessageId == messageId && x.Destination == endpoint && x.ParkedAt == null);

    /// <summary>A parked message that had no receiver goes to each that is there now; with none it stays.</summary>
    public static void Reroute(this DbContext db, OutboxMessage row, RoutingTable routes, DateTime now)
    {
        var endpoints = routes.EndpointsFor(row.MessageType.Split(';'));
        if (endpoints.Count == 0)
            return;
        foreach (var endpoint in endpoints.Skip(1))
        {
            db.Add(new OutboxMessage
            {
                MessageId = row.MessageId, Destination = endpoint, MessageType = row.MessageType, ContentType = row.ContentType, Body = row.Body,
                Headers = row.Headers, CorrelationId = row.CorrelationId, EnqueuedAt = row.EnqueuedAt, DueAt = now
            });
        }
        row.Destination = endpoints[0];
        row.MakeDue(now);
    }

    public static void MakeDue(this OutboxMessage row, DateTime now)
    {
        row.ParkedAt = null;
        row.LastError = null;
        row.SentAt = null;
        row.Attempts = 0;
        row.DueAt = now;
    }

    public static IEnumerable<Exception> Causes(this Exception exception)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
            if (cause is AggregateException { InnerExceptions.Count: > 1 } several)
            {
                foreach (var other in several.InnerExceptions.Skip(1).SelectMany(Causes))
                    yield return other;
            }
        }
    }
}
