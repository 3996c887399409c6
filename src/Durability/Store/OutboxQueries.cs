using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Durability;

internal static class OutboxQueries
{
    /// <summary>The row that brought a message to an endpoint, unless it was parked meanwhile.</summary>
    public static IQueryable<OutboxMessage> Delivered(this IQueryable<OutboxMessage> rows, Guid messageId, string endpoint) =>
        rows.Where(x => x.MessageId == messageId && x.Destination == endpoint && x.ParkedAt == null);

    public static IQueryable<OutboxMessage> PassingOver(this IQueryable<OutboxMessage> rows, IReadOnlyCollection<string> destinations) =>
        rows.Where(x => !destinations.Contains(x.Destination));

    /// <summary>A message goes to its endpoint if there is one, else to each that consumes it now; with none it is, or stays, parked.</summary>
    public static void Reroute(this DbContext db, OutboxMessage row, RoutingTable routes, DateTime now)
    {
        var endpoints = routes.IsEndpoint(row.Destination) ? [row.Destination] : routes.EndpointsFor(row.MessageType.Split(';'));
        if (endpoints.Count == 0)
        {
            row.ParkedAt ??= now;
            row.LastError = OutboxRows.NoReceiver;
            row.DueAt = row.SentAt = null;
            return;
        }
        var due = row.DueAt > now ? row.DueAt.Value : now;
        foreach (var endpoint in endpoints.Skip(1))
        {
            db.Add(new OutboxMessage
            {
                MessageId = row.MessageId, Destination = routes.DestinationOf(endpoint), MessageType = row.MessageType, ContentType = row.ContentType, Body = row.Body,
                Headers = row.Headers, CorrelationId = row.CorrelationId, EnqueuedAt = row.EnqueuedAt, DueAt = due, SchedulingToken = row.SchedulingToken
            });
        }
        row.Destination = routes.DestinationOf(endpoints[0]);
        row.MakeDue(due);
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
