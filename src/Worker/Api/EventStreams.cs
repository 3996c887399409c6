using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Durability;
using ExecutionManager.Store;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Worker;

/// <summary>Server-sent events. The framework's own writer knows no comments, so the few lines are written here.</summary>
internal sealed class EventStreams(
    EventFeed feed, IServiceScopeFactory scopes, IDurableDatabase database, EventStreamLimits limits, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    private const int Page = 100;

    public async Task<IResult> OfContract(Guid id, HttpContext http)
    {
        await using (var scope = scopes.CreateAsyncScope())
        {
            if (!await scope.ServiceProvider.GetRequiredService<StoreContext>().Contracts.AnyAsync(saga => saga.CorrelationId == id, http.RequestAborted))
            {
                return ContractQueries.NoContract(id);
            }
        }

        return await Open(id, http);
    }

    public Task<IResult> OfAll(HttpContext http) => Open(null, http);

    private async Task<IResult> Open(Guid? contractId, HttpContext http)
    {
        const string Header = "Last-Event-ID";
        var fields = new Fields();
        var after = fields.EventId(Header, http.Request.Headers[Header]);
        if (after > feed.Through && await Last(http.RequestAborted) is var last && after > Math.Max(last, feed.Through))
        {
            // As after an older backup was restored. A stream would stay silent, and a browser reconnect for ever; this ends it.
            fields.Add(Header, $"lies ahead of the log, which ends with {last}: read the contracts anew, and follow without it");
        }

        if (fields.Problem is { } invalid)
        {
            return invalid;
        }

        return feed.Listen(contractId, out var listening) is { } news
            ? new Stream(this, contractId, after, news, listening!)
            : Problem.TooManyStreams(limits.Streams);
    }

    /// <summary>By the log itself: another worker may have shown what this one has not looked for yet.</summary>
    private async Task<long> Last(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<StoreContext>().Events.MaxAsync(row => (long?)row.Sequence, ct) ?? 0;
    }

    private async Task Run(Guid? contractId, long? lastEventId, ChannelReader<ContractProgressed?> news, HttpContext http)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await feed.Known.WaitAsync(end.Token);
            var after = lastEventId ?? feed.Through;
            http.Response.ContentType = "text/event-stream";
            http.Response.Headers.CacheControl = "no-store";
            http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            // How slow a reader may be is decided here.
            http.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate = null;
            // The id alone is no event, but from here on a reader can resume.
            await Write(http, string.Create(CultureInfo.InvariantCulture, $"retry: 1000\nid: {after}\n\n"), end.Token);
            while (true)
            {
                after = await WriteLog(http, contractId, after, end.Token);
                while (news.TryRead(out var progress))
                {
                    if (progress is not null)
                    {
                        await Write(http, $"event: {nameof(ContractProgressed)}\ndata: {JsonSerializer.Serialize(progress, WireJson.Options)}\n\n", end.Token);
                    }
                }

                await Next(http, news, end.Token);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The reader went away, or the worker does: the response just ends.
        }
    }

    private async Task<long> WriteLog(HttpContext http, Guid? contractId, long after, CancellationToken ct)
    {
        while (feed.Through is var through && after < through)
        {
            List<EventRow> rows;
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                rows = await scope.ServiceProvider.GetRequiredService<EventLog>().Read(after, through, contractId, Page, ct);
            }
            catch (Exception fault) when (database.IsUnavailable(fault))
            {
                return after;   // what could not be read now comes with the next news or heartbeat
            }

            var text = new StringBuilder();
            foreach (var row in rows)
            {
                text.Append(CultureInfo.InvariantCulture, $"id: {row.Sequence}\nevent: {row.Name}\ndata: {row.Body}\n\n");
            }

            await Write(http, text.ToString(), ct);
            after = rows.Count < Page ? through : rows[^1].Sequence;
        }

        return after;
    }

    /// <summary>Waits for news, with a comment when there is none for long: so both sides find out that the other is gone.</summary>
    private async Task Next(HttpContext http, ChannelReader<ContractProgressed?> news, CancellationToken ct)
    {
        using var heartbeat = new CancellationTokenSource(limits.Heartbeat, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(heartbeat.Token, ct);
        try
        {
            await news.WaitToReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            await Write(http, ":\n\n", ct);
        }
    }

    private async Task Write(HttpContext http, string text, CancellationToken ct)
    {
        using var patience = new CancellationTokenSource(limits.Patience, clock);
        using var cut = patience.Token.Register(http.Abort);
        await http.Response.WriteAsync(text, ct);
        await http.Response.Body.FlushAsync(ct);
    }

    private sealed class Stream(EventStreams streams, Guid? contractId, long? after, ChannelReader<ContractProgressed?> news, IDisposable listening) : IResult
    {
        public async Task ExecuteAsync(HttpContext http)
        {
            using (listening)
            {
                await streams.Run(contractId, after, news, http);
            }
        }
    }
}
