using System.Text.Json.Nodes;

namespace ExecutionManager.Journeys.Tests;

/// <summary>A reader of server-sent events that remembers where it was, as a browser's does.</summary>
internal sealed class EventReader : IDisposable
{
    private readonly HttpResponseMessage response;
    private readonly StreamReader lines;

    private EventReader(HttpResponseMessage response, StreamReader lines) => (this.response, this.lines) = (response, lines);

    public string? LastEventId { get; private set; }

    public static async Task<EventReader> Open(HttpClient http, string path, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("text/event-stream"), $"{response.StatusCode}");
        return new EventReader(response, new StreamReader(await response.Content.ReadAsStreamAsync())) { LastEventId = lastEventId };
    }

    /// <summary>The next event, or comment if those are wanted; null at the end of the stream.</summary>
    public async Task<SentEvent?> Next(CancellationToken ct, bool comments = false)
    {
        var (id, name, data) = ((string?)null, "message", (string?)null);
        while (await lines.ReadLineAsync(ct) is { } line)
        {
            switch (line.Split(": ", 2))
            {
                case ["id", var value]:
                    id = value;
                    break;
                case ["event", var value]:
                    name = value;
                    break;
                case ["data", var value]:
                    data = value;
                    break;
                case [":"]:
                    name = comments ? "comment" : name;
                    break;
                case [""]:
                    // Only what came whole counts as read.
                    LastEventId = id ?? LastEventId;
                    if (data is null && name != "comment")
                    {
                        break;
                    }

                    return new SentEvent(id, name, data is null ? null : JsonNode.Parse(data)!.AsObject());
                default:
                    break;
            }
        }

        return null;
    }

    public async Task<List<SentEvent>> Take(int count, CancellationToken ct)
    {
        var taken = new List<SentEvent>();
        while (taken.Count < count && await Next(ct) is { } next)
        {
            taken.Add(next);
        }

        return taken;
    }

    public void Dispose()
    {
        lines.Dispose();
        response.Dispose();
    }
}

internal sealed record SentEvent(string? Id, string Name, JsonObject? Data);
