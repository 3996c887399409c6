using System.Text.Json;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ExecutionManager.Durability;

/// <summary>Turns what is being sent into rows, one for each destination.</summary>
internal sealed class OutboxRows(RoutingTable routes, TimeProvider clock, IOptions<DurabilityOptions> options, IServiceProvider services)
{
    /// <summary>The scheme of the in-memory transport's addresses.</summary>
    public const string InMemory = "loopback";

    public const string NoReceiver = "No endpoint is there to consume this message.";

    public IReadOnlyList<OutboxMessage> From<T>(SendContext<T> context) where T : class
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var due = context.TryGetPayload<DueTime>(out var time) ? time.At : now + (context.Delay ?? TimeSpan.Zero);
        // The wait is ours now; left in place the transport would wait once more.
        context.Delay = null;

        string[] types = [.. context.SupportedMessageTypes];
        var destinations = Route(context, types, out var problem);
        if (destinations.Count == 0)
            return [];

        var body = context.Serializer.GetMessageBody(context).GetBytes();
        var headers = context.Headers.GetAll().Where(x => x.Value is not null).ToDictionary(x => x.Key, x => x.Value);
        if (problem is not null)
            DurabilityMeter.Parked.Add(1);
        return [.. destinations.Select(destination => new OutboxMessage
        {
            MessageId = context.MessageId ?? NewId.NextGuid(),
            Destination = destination,
            MessageType = string.Join(';', types),
            ContentType = (context.ContentType ?? context.Serializer.ContentType).ToString(),
            Body = body,
            Headers = headers.Count == 0 ? null : JsonSerializer.Serialize(headers),
            CorrelationId = context.CorrelationId ?? options.Value.CorrelateBy?.Invoke(context.Message),
            EnqueuedAt = due,
            DueAt = problem is null ? due : null,
            SchedulingToken = context.ScheduledMessageId,
            ParkedAt = problem is null ? null : now,
            LastError = problem
        })];
    }

    private IReadOnlyList<string> Route<T>(SendContext<T> context, string[] types, out string? problem) where T : class
    {
        problem = null;
        var address = context.DestinationAddress ?? throw new InvalidOperationException($"A {typeof(T).Name} has no destination.");
        var name = address.EndpointName();
        if (address.Scheme != InMemory)
            return [routes.IsEndpoint(name) && address.Query == "?bind=true" ? routes.DestinationOf(name) : address.ToString()];
        if (routes.IsEndpoint(name))
            return [name];
        var bus = services.GetRequiredService<IBus>();
        // Answers to requests go to the bus's own queue, which ends with the process: sent is all that can be known.
        if (name == bus.Address.EndpointName())
            return [address.ToString()];

        if (!bus.Topology.TryGetPublishAddress<T>(out var published) || published.EndpointName() != name)
        {
            problem = NoReceiver;
            return [name];
        }
        var endpoints = routes.EndpointsFor(types);
        if (endpoints.Count > 0 || !options.Value.IsMandatory(types))
            return endpoints;
        problem = NoReceiver;
        return [""];
    }
}
