using ExecutionManager.Durability;

namespace ExecutionManager.Worker;

/// <summary>Outgoing messages that could not be sent.</summary>
internal sealed class ParkedQueries(ParkedMessages parked)
{
    public async Task<IResult> List(string? limit, string? cursor, CancellationToken ct)
    {
        var fields = new Fields();
        var size = fields.Limit(limit);
        if (fields.Problem is { } invalid)
        {
            return invalid;
        }

        if (Cursor.Number("parked", cursor) is not { } after)
        {
            return Problem.BadCursor();
        }

        var (page, next) = Page.Cut([.. await parked.List(size + 1, after, ct)], size, last => Cursor.Write("parked", last.Sequence));
        return Answer.Json(new Page<ParkedMessage>([.. page.Select(row => new ParkedMessage(
            row.MessageId, row.MessageType.Split(';')[0].Split(':')[^1], row.CorrelationId, row.Attempts, row.LastError, row.ParkedAt ?? row.EnqueuedAt))], next));
    }

    public async Task<IResult> Send(Guid messageId, CancellationToken ct) =>
        await parked.SendAgain(messageId, ct) ? TypedResults.StatusCode(202) : Problem.NotFound($"No message {messageId} is parked.");
}

internal sealed record ParkedMessage(Guid MessageId, string Type, Guid? ContractId, int Attempts, string? LastError, DateTimeOffset Since);
