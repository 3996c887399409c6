using System.Text.Json;

namespace ExecutionManager.Durability;

/// <summary>
/// One message on its way to one destination. The row exists until the destination is known to have it: until the
/// broker confirmed it or, on the in-memory transport, until the endpoint consumed it.
/// </summary>
public sealed class OutboxMessage
{
    /// <summary>Given by the database; orders the rows of one transaction, not transactions among each other.</summary>
    public long Sequence { get; set; }

    /// <summary>The same for every row of one published message, and kept when it is sent again.</summary>
    public Guid MessageId { get; set; }

    /// <summary>The name of an endpoint of this bus, the absolute address elsewhere, empty while nobody consumes it.</summary>
    public string Destination { get; set; } = "";

    /// <summary>The message's URNs, its own first, joined by ';'.</summary>
    public string MessageType { get; set; } = "";

    public string ContentType { get; set; } = "";

    /// <summary>The serialized envelope, sent unchanged.</summary>
    public byte[] Body { get; set; } = [];

    /// <summary>Transport headers as a JSON object; null when there are none.</summary>
    public string? Headers { get; set; }

    public Guid? CorrelationId { get; set; }

    /// <summary>Since when it should go: when it was stored, or when it was first due if that was to be later.</summary>
    public DateTime EnqueuedAt { get; set; }

    /// <summary>Sent at this instant or later; null while it is sent (in memory) or parked.</summary>
    public DateTime? DueAt { get; set; }

    /// <summary>By which a scheduled message can be cancelled.</summary>
    public Guid? SchedulingToken { get; set; }

    /// <summary>When the relay last took it. On the in-memory transport it is then under way to its endpoint.</summary>
    public DateTime? SentAt { get; set; }

    /// <summary>Sends that failed since it was stored or last sent again by hand.</summary>
    public int Attempts { get; set; }

    public string? LastError { get; set; }

    /// <summary>Set when it was given up: it stays until it is sent again or deleted by hand.</summary>
    public DateTime? ParkedAt { get; set; }

    /// <summary>A transport header on the in-memory transport: the message has a row here, which waits for its end.</summary>
    internal const string HasRow = "Durability-Row";

    /// <summary>On the in-memory transport the row is deleted when its endpoint consumed it, else when it was sent.</summary>
    internal bool AwaitsConsumption => !Destination.Contains(':');

    internal Uri Address => new(AwaitsConsumption ? $"queue:{Destination}" : Destination);

    /// <summary>What a transport shows beside the body; <c>IReceiveEndpointDispatcher.Dispatch</c> takes it as it is.</summary>
    public IReadOnlyDictionary<string, object> TransportHeaders()
    {
        var headers = Headers is null
            ? []
            : JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(Headers)!.ToDictionary(x => x.Key, x => Plain(x.Value));
        if (AwaitsConsumption)
            headers[HasRow] = "true";
        headers["Content-Type"] = ContentType;
        headers[MassTransit.MessageHeaders.MessageId] = MessageId.ToString();
        return headers;
    }

    private static object Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number when value.TryGetInt64(out var whole) => whole,
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => value.GetRawText()
    };
}
