using ExecutionManager.Contracts.Messages;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Scalar.AspNetCore;

namespace ExecutionManager.Worker;

public static class ApiEndpoints
{
    private const string Json = "application/json";

    private const string Following = "Server-sent events, each named after its message and with the entryId of the history as id. Begins now, or after Last-Event-ID (0: from the beginning) without a gap or a double; ContractProgressed has no id and is not repeated.";

    /// <summary>The services behind <see cref="MapExecutionManager"/>.</summary>
    public static IServiceCollection AddExecutionManagerApi(this IServiceCollection services)
    {
        services.AddScoped<Representations>();
        services.AddScoped<ContractQueries>();
        services.AddScoped<ContractCommands>();
        services.AddScoped<Timelines>();
        services.AddScoped<DeviceQueries>();
        services.AddScoped<ParkedQueries>();
        services.AddSingleton<ContractSubmissions>();
        services.TryAddSingleton(new EventStreamLimits());
        services.AddSingleton<EventFeed>();
        services.AddSingleton<EventStreams>();
        services.AddHostedService(provider => provider.GetRequiredService<EventFeed>());
        services.AddApiDescription();
        return services;
    }

    /// <summary>The HTTP API, its description and its documentation.</summary>
    public static void MapExecutionManager(this IEndpointRouteBuilder app)
    {
        // Behind the developer's exception page, which would show a stack trace.
        if (app is IApplicationBuilder pipeline)
        {
            pipeline.UseMiddleware<ProblemMiddleware>();
        }

        app.MapOpenApi("/openapi/{documentName}.json");
        // Everything it needs is served from here: it works without the internet.
        app.MapScalarApiReference("/scalar", options => options.WithTitle("Execution Manager").DisableDefaultFonts());

        var contracts = app.MapGroup("/contracts").WithTags("Contracts");
        contracts.MapPost("", (HttpContext http, ContractSubmissions submissions, CancellationToken ct) => submissions.Submit(http, ct))
            .Describe("Submit a contract", "Answered once it is committed, whether or not the bus is up. An Idempotency-Key makes it safe to repeat; without one a known contractId does.")
            .Accepts<ContractDocument>(Json)
            .Produces<ContractRepresentation>(201).Produces<ContractRepresentation>().Refuses(400, 409, 413, 415);
        contracts.MapGet("", (string? device, string[] status, string? task, string? limit, string? cursor, ContractQueries queries, CancellationToken ct) =>
                queries.List(device, status, task, limit, cursor, ct))
            .Describe("List contracts", "Newest first. status may be repeated or hold several words, separated by commas.")
            .Produces<Page<ContractRepresentation>>().Refuses(400);
        contracts.MapGet("/{id:guid}", (Guid id, string? at, HttpContext http, ContractQueries queries, CancellationToken ct) => queries.One(id, at, http, ct))
            .Describe("Show a contract", "at gives the projection for another instant, not before the evidence. If-None-Match is heeded for contracts that were never pushed or have ended.")
            .Produces<ContractRepresentation>().Produces(304).Refuses(400, 404);
        contracts.MapGet("/{id:guid}/history", (Guid id, string? limit, string? cursor, ContractQueries queries, CancellationToken ct) => queries.History(id, limit, cursor, ct))
            .Describe("Show a contract's history", "Every transition and report, oldest first.")
            .Produces<Page<HistoryItem>>().Refuses(400, 404);
        contracts.MapGet("/{id:guid}/events", (Guid id, HttpContext http, EventStreams streams) => streams.OfContract(id, http))
            .Describe("Follow a contract", Following).Produces<string>(200, "text/event-stream").Refuses(400, 404);
        contracts.MapGet("/{id:guid}/timeline", (Guid id, string? at, HttpContext http, Timelines timelines, CancellationToken ct) => timelines.Show(id, at, http, ct))
            .Describe("Show a contract's timeline", "Plan, projection and actual of each action; drawn with Accept: image/svg+xml.")
            .Produces<Timeline>(200, Json, "image/svg+xml").Refuses(400, 404);
        contracts.MapPost("/{id:guid}/cancel", (Guid id, HttpContext http, ContractCommands commands, CancellationToken ct) => commands.Cancel(id, http, ct))
            .Describe("Cancel a contract", "Its device is stopped; the contract ends when the device is known to stand still.").Command<CommandRequest>();
        contracts.MapPost("/{id:guid}/hold", (Guid id, HttpContext http, ContractCommands commands, CancellationToken ct) => commands.Hold(id, http, ct))
            .Describe("Hold a contract", "Until it is resumed, or until the given instant.").Command<HoldRequest>();
        contracts.MapPost("/{id:guid}/resume", (Guid id, HttpContext http, ContractCommands commands, CancellationToken ct) => commands.Resume(id, http, ct))
            .Describe("Resume a contract", "Ends a hold.").Command<CommandRequest>();
        contracts.MapPost("/{id:guid}/escalation", (Guid id, HttpContext http, ContractCommands commands, CancellationToken ct) => commands.Resolve(id, http, ct))
            .Describe("Answer an escalation", "The decision of a person: a strategy that the escalation allows, or the word that the device stands still.").Command<EscalationRequest>();
        contracts.MapPost("/{id:guid}/reconcile", (Guid id, HttpContext http, ContractCommands commands, CancellationToken ct) => commands.Reconcile(id, http, ct))
            .Describe("Reconcile a contract", "Asks a connected device for its actuals; Location names where the report will be.").Command<ReconcileRequest>(optional: true);
        contracts.MapGet("/{id:guid}/reconciliations/{rid:guid}", (Guid id, Guid rid, ContractQueries queries, CancellationToken ct) => queries.Reconciliation(id, rid, ct))
            .Describe("Show a reconciliation", "Pending until the actuals are complete.")
            .Produces<ReconciliationPart>().Refuses(404);

        app.MapGet("/events", (HttpContext http, EventStreams streams) => streams.OfAll(http)).WithTags("Events")
            .Describe("Follow every contract", Following).Produces<string>(200, "text/event-stream").Refuses(400);

        var devices = app.MapGroup("/devices").WithTags("Devices");
        devices.MapGet("", (string? limit, string? cursor, DeviceQueries queries, CancellationToken ct) => queries.List(limit, cursor, ct))
            .Describe("List devices", "By device id.").Produces<Page<DeviceRepresentation>>().Refuses(400);
        devices.MapGet("/{id}", (string id, DeviceQueries queries, CancellationToken ct) => queries.One(id, ct))
            .Describe("Show a device", "Its connection, its contracts that have not ended, and reports about contracts unknown here.")
            .Produces<DeviceRepresentation>().Refuses(404);

        var parked = app.MapGroup("/messages/parked").WithTags("Messages");
        parked.MapGet("", (string? limit, string? cursor, ParkedQueries queries, CancellationToken ct) => queries.List(limit, cursor, ct))
            .Describe("List parked messages", "Outgoing messages that could not be sent, oldest first.").Produces<Page<ParkedMessage>>().Refuses(400);
        parked.MapPost("/{messageId:guid}/send", (Guid messageId, ParkedQueries queries, CancellationToken ct) => queries.Send(messageId, ct))
            .Describe("Send a parked message again", "One that still has no receiver stays parked.").Produces(202).Refuses(404);
    }

    private static RouteHandlerBuilder Describe(this RouteHandlerBuilder endpoint, string summary, string description) =>
        endpoint.WithSummary(summary).WithDescription(description);

    private static RouteHandlerBuilder Command<TBody>(this RouteHandlerBuilder endpoint, bool optional = false)
        where TBody : notnull =>
        endpoint.Accepts<TBody>(optional, Json).Produces<ContractRepresentation>(202).Refuses(400, 404, 409, 412, 413, 415);

    private static RouteHandlerBuilder Refuses(this RouteHandlerBuilder endpoint, params int[] statuses)
    {
        foreach (var status in statuses.Append(503))
        {
            endpoint.Produces<Problem>(status, Problem.MediaType);
        }

        return endpoint;
    }
}
