using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace ExecutionManager.Checker;

/// <summary>State and history over HTTP, from whichever worker is there.</summary>
internal sealed class Sight(IEnumerable<Uri> workers) : IDisposable
{
    private readonly List<HttpClient> clients = [.. workers.Select(url => new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(10) })];

    /// <summary>Submits to every worker at the same time; each one that is there has to know the contract afterwards.</summary>
    public async Task<IReadOnlyList<HttpStatusCode>> Submit(JsonObject document)
    {
        var body = document.ToJsonString();
        var answers = await Task.WhenAll(clients.Select(async client =>
        {
            try
            {
                using var answer = await client.PostAsync("/contracts", new StringContent(body, Encoding.UTF8, "application/json"));
                return answer.StatusCode;
            }
            catch (Exception absent) when (absent is HttpRequestException or TaskCanceledException)
            {
                return (HttpStatusCode?)null;
            }
        }));
        return [.. answers.OfType<HttpStatusCode>()];
    }

    public Task<JsonObject?> Contract(string id) => Get($"/contracts/{id}");

    /// <summary>The whole history, oldest first; null while no worker answers.</summary>
    public async Task<IReadOnlyList<JsonObject>?> History(string id)
    {
        var items = new List<JsonObject>();
        for (string? cursor = ""; cursor is not null;)
        {
            if (await Get($"/contracts/{id}/history?limit=200{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}") is not { } page)
            {
                return null;
            }

            items.AddRange(page["items"]!.AsArray().Select(item => item!.AsObject()));
            cursor = page["nextCursor"]?.GetValue<string>();
        }

        return items;
    }

    public void Dispose() => clients.ForEach(client => client.Dispose());

    private async Task<JsonObject?> Get(string path)
    {
        foreach (var client in clients)
        {
            try
            {
                using var answer = await client.GetAsync(path);
                if (answer.IsSuccessStatusCode)
                {
                    return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsObject();
                }
            }
            catch (Exception absent) when (absent is HttpRequestException or TaskCanceledException)
            {
                // The next one may be there.
            }
        }

        return null;
    }
}
