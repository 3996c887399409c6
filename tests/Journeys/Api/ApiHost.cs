using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ExecutionManager.Domain;
using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using ExecutionManager.Worker;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ExecutionManager.Journeys.Tests;

/// <summary>The API before the real store, machine and relay, on a port of its own, with a clock that stands until it is moved.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = DateTimeOffset.Parse("2026-11-24T09:00:00Z");

    private readonly WebApplication app;
    private readonly string directory;

    private ApiHost(WebApplication app, string directory)
    {
        (this.app, this.directory) = (app, directory);
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public HttpClient Http { get; }

    public StandingClock Clock => (StandingClock)app.Services.GetRequiredService<TimeProvider>();

    /// <param name="reachable">False: the database file lies in a directory that is not there.</param>
    /// <param name="map">Further endpoints.</param>
    /// <param name="compose">Further services.</param>
    /// <param name="postgres">A PostgreSQL database instead of a file.</param>
    public static async Task<ApiHost> Run(bool reachable = true, Action<WebApplication>? map = null, string? postgres = null, Action<IServiceCollection>? compose = null)
    {
        var directory = Path.Combine(Path.GetTempPath(), $"em-api-{Guid.NewGuid():N}");
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(new StandingClock(Start));
        builder.Services.AddSingleton(new ContractSettings());
        builder.Services.AddSingleton<NewGuid>(() => Guid.NewGuid());
        if (postgres is null)
        {
            builder.Services.AddSqliteStore($"Data Source={directory}/store.db");
        }
        else
        {
            builder.Services.AddPostgresStore(postgres);
        }

        builder.Services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            if (postgres is null)
            {
                bus.AddExecutionManager();
            }
            else
            {
                bus.AddExecutionManager<PostgresStoreContext>();
            }

            bus.UsingInMemory((context, cfg) => cfg.ConfigureEndpoints(context));
        });
        builder.Services.AddExecutionManagerApi();
        compose?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapExecutionManager();
        map?.Invoke(app);
        if (reachable)
        {
            Directory.CreateDirectory(directory);
            await using var scope = app.Services.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<StoreContext>().Database.MigrateAsync();
        }

        await app.StartAsync();
        return new ApiHost(app, directory);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    public T Service<T>() where T : notnull => app.Services.GetRequiredService<T>();

    /// <summary>Ends as a worker that is told to.</summary>
    public Task Stop() => app.StopAsync();

    public Task Store(Func<StoreContext, Task> work) => With(work);

    /// <summary>Does something with a service of its own scope.</summary>
    public async Task With<T>(Func<T, Task> work) where T : notnull
    {
        await using var scope = app.Services.CreateAsyncScope();
        await work(scope.ServiceProvider.GetRequiredService<T>());
    }

    /// <summary>Writes a contract as if it had come that far; its message is not sent.</summary>
    public async Task<Guid> Seed(Action<ContractState> set, Guid? contractId = null, JsonObject? document = null)
    {
        var id = contractId ?? Guid.CreateVersion7();
        var contract = ContractDocument.Read(System.Text.Json.JsonSerializer.SerializeToElement(document ?? Document()), id, Clock.Now).Contract!;
        var saga = new ContractState
        {
            CorrelationId = id, CurrentState = "Initial", DeviceId = contract.DeviceId, TaskId = contract.Task.TaskId, TaskType = contract.Task.Type,
            Priority = contract.Task.Priority, Frame = contract.Frame, FencingToken = 1, CreatedAt = Clock.Now, ChangedAt = Clock.Now,
        };
        set(saga);
        saga.IsOpen = !States.IsTerminal(saga.CurrentState);
        await Store(async db =>
        {
            db.Add(saga);
            db.Add(new DocumentRow { ContractId = id, Revision = 1, Json = ContractDocument.Write(contract) });
            await db.SaveChangesAsync();
        });
        return id;
    }

    /// <summary>A device that is connected in epoch 1 and was heard of just now.</summary>
    public Task Connect(string deviceId) => Store(async db =>
    {
        db.Add(new DeviceRow
        {
            DeviceId = deviceId, Epoch = 1, Connected = true, Announced = true, ChangedAt = Clock.Now, ReportInterval = TimeSpan.FromSeconds(5),
            Evidence = EvidenceCapability.Journal, Lease = LeaseCapability.Enforced,
        });
        var contact = new ContactRow { DeviceId = deviceId };
        contact.Take(1, 1000, Clock.Now);
        db.Add(contact);
        await db.SaveChangesAsync();
    });

    /// <summary>A valid contract document; task and device are new each time.</summary>
    public static JsonObject Document(string? taskId = null, string? deviceId = null) => JsonNode.Parse($$"""
        { "deviceId": "{{deviceId ?? $"d-{Guid.NewGuid():N}"}}", "task": { "taskId": "{{taskId ?? $"T-{Guid.NewGuid():N}"}}", "type": "deliver-pallet", "priority": 5 }, "frame": "hall-3",
          "actions": [
            { "actionId": "a1", "actionType": "drive", "duration": { "min": "PT40S", "mode": "PT1M", "max": "PT2M" } },
            { "actionId": "a2", "actionType": "pick", "duration": { "min": "PT20S", "mode": "PT30S", "max": "PT1M" } } ],
          "scope": { "actionTypes": ["drive", "pick"], "offlineAllowance": "PT10M" } }
        """)!.AsObject();

    public Task<Reply> Get(string path, string? ifNoneMatch = null) => Send(HttpMethod.Get, path, null, ifNoneMatch is null ? [] : [("If-None-Match", ifNoneMatch)]);

    public Task<Reply> Post(string path, JsonNode? body, params (string, string)[] headers) =>
        Send(HttpMethod.Post, path, body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"), headers);

    public async Task<Reply> Send(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new Reply((int)response.StatusCode, response.Headers, response.Content.Headers.ContentType?.MediaType, text);
    }

    /// <summary>Asks until the answer is as expected, or the time of the test is over.</summary>
    public async Task<JsonNode> Until(string path, Func<JsonNode, bool> expected)
    {
        while (true)
        {
            var json = (await Get(path)).Json;
            if (expected(json))
            {
                return json;
            }

            Assert.That(TestContext.CurrentContext.CancellationToken.IsCancellationRequested, Is.False, $"Still {json}");
        }
    }
}

internal sealed record Reply(int Status, HttpResponseHeaders Headers, string? MediaType, string Text)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    /// <summary>Status and slug of a problem, as one text.</summary>
    public string Problem
    {
        get
        {
            Assert.That(MediaType, Is.EqualTo("application/problem+json"), Text);
            Assert.That(Json["status"]!.GetValue<int>(), Is.EqualTo(Status));
            Assert.That(new[] { "title", "detail" }.Select(name => Json[name]?.GetValue<string>()), Has.All.Not.Empty);
            return $"{Status} {Json["type"]!.GetValue<string>()["urn:execution-manager:".Length..]}";
        }
    }

    public IEnumerable<string> Errors => Json["errors"]!.AsObject().Select(error => error.Key);
}

internal sealed class StandingClock(DateTimeOffset start) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = start;

    public override DateTimeOffset GetUtcNow() => Now;
}
