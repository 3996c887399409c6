using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Npgsql;
using RabbitMQ.Client;

namespace ExecutionManager.Journeys.Tests;

/// <summary>The servers that test.sh started; a database and a virtual host of its own for each test.</summary>
internal sealed class Servers : IAsyncDisposable
{
    private readonly HttpClient management;
    private readonly string name = $"journey_{Guid.NewGuid():N}";

    private Servers()
    {
        var url = new Uri(Given("EM_TEST_RABBITMQ_MANAGEMENT"));
        management = new HttpClient { BaseAddress = new Uri($"http://{url.Authority}") };
        management.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(url.UserInfo)));
        Store = new NpgsqlConnectionStringBuilder(Given("EM_TEST_POSTGRES")) { Database = name }.ConnectionString;
        Bus = new UriBuilder(Given("EM_TEST_RABBITMQ")) { Path = name }.Uri;
        Mqtt = new Uri(Given("EM_TEST_MQTT"));
    }

    public string Store { get; }
    public Uri Bus { get; }
    public Uri Mqtt { get; }

    public static async Task<Servers> Take()
    {
        var servers = new Servers();
        (await servers.management.PutAsync(new Uri($"/api/vhosts/{servers.name}", UriKind.Relative), null)).EnsureSuccessStatusCode();
        using var all = new StringContent("""{"configure":".*","write":".*","read":".*"}""", Encoding.UTF8, "application/json");
        (await servers.management.PutAsync(new Uri($"/api/permissions/{servers.name}/{servers.Bus.UserInfo.Split(':')[0]}", UriKind.Relative), all)).EnsureSuccessStatusCode();
        return servers;
    }

    /// <summary>With the tables that a worker expects.</summary>
    public static async Task<Servers> TakeMigrated()
    {
        var servers = await Take();
        var (code, said, error) = await WorkerProcess.RunToEnd(["migrate", .. servers.Connections()]);
        Assert.That(code, Is.Zero, said + error);
        return servers;
    }

    /// <summary>A worker's three connection strings.</summary>
    public string[] Connections(Uri? bus = null) => [$"--ConnectionStrings:Store={Store}", $"--ConnectionStrings:Bus={bus ?? Bus}", $"--ConnectionStrings:Mqtt={Mqtt}"];

    public async Task<JsonArray> Management(string path) =>
        JsonNode.Parse(await management.GetStringAsync(new Uri($"/api/{path}", UriKind.Relative)))!.AsArray();

    public Task<JsonArray> Exchanges() => Management($"exchanges/{name}");

    public Task<JsonArray> Queues() => Management($"queues/{name}");

    /// <summary>The messages of a queue, counted by taking and putting them back: the console's own numbers are seconds late.</summary>
    public async Task<int> Count(string queue)
    {
        using var body = new StringContent("""{"count":1000,"ackmode":"ack_requeue_true","encoding":"base64"}""", Encoding.UTF8, "application/json");
        using var answer = await management.PostAsync(new Uri($"/api/queues/{name}/{queue}/get", UriKind.Relative), body);
        return answer.IsSuccessStatusCode ? JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsArray().Count : 0;
    }

    /// <summary>Binds a durable quorum queue to messages of the EM: it keeps every one that is published from now on.</summary>
    public async Task Keep(string queue, params string[] messages)
    {
        await using var connection = await new ConnectionFactory { Uri = Bus }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        foreach (var message in messages)
        {
            await channel.QueueBindAsync(queue, $"ExecutionManager.Contracts.Messages:{message}", "");
        }
    }

    /// <summary>The envelopes of a queue, which is empty then.</summary>
    public async Task<IReadOnlyList<JsonObject>> ReadAll(string queue)
    {
        await using var connection = await new ConnectionFactory { Uri = Bus }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var all = new List<JsonObject>();
        while (await channel.BasicGetAsync(queue, autoAck: true) is { } message)
        {
            all.Add(JsonNode.Parse(message.Body.Span)!.AsObject());
        }

        return all;
    }

    /// <summary>Makes an account, or changes its password; it may use this test's virtual host.</summary>
    public async Task Account(string user, string password)
    {
        using var account = new StringContent($$"""{"password":"{{password}}","tags":""}""", Encoding.UTF8, "application/json");
        (await management.PutAsync(new Uri($"/api/users/{user}", UriKind.Relative), account)).EnsureSuccessStatusCode();
        using var all = new StringContent("""{"configure":".*","write":".*","read":".*"}""", Encoding.UTF8, "application/json");
        (await management.PutAsync(new Uri($"/api/permissions/{name}/{user}", UriKind.Relative), all)).EnsureSuccessStatusCode();
    }

    /// <summary>Ends the connections of an account, as its administrator may: those that are listed, some seconds after they came.</summary>
    public async Task Disconnect(string user)
    {
        foreach (var connection in (await Management("connections")).Where(one => one!["user"]?.GetValue<string>() == user))
        {
            using var gone = await management.DeleteAsync(new Uri($"/api/connections/{Uri.EscapeDataString(connection!["name"]!.GetValue<string>())}", UriKind.Relative));
        }
    }

    public async Task Publish(string exchange, string contentType, string payload)
    {
        var message = new JsonObject
        {
            ["properties"] = new JsonObject { ["content_type"] = contentType, ["delivery_mode"] = 2 },
            ["routing_key"] = "", ["payload"] = payload, ["payload_encoding"] = "string",
        };
        using var body = new StringContent(message.ToJsonString(), Encoding.UTF8, "application/json");
        (await management.PostAsync(new Uri($"/api/exchanges/{name}/{exchange}/publish", UriKind.Relative), body)).EnsureSuccessStatusCode();
    }

    /// <summary>Ends or starts one of the servers as scripts/servers.sh does; nobody else may use it meanwhile.</summary>
    public static async Task Command(string command, string server)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(Given("EM_TEST_SCRIPTS"), "servers.sh"), Given("EM_TEST_SERVERS"), command, server]) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero, await process.StandardError.ReadToEndAsync());
    }

    public async ValueTask DisposeAsync()
    {
        (await management.DeleteAsync(new Uri($"/api/vhosts/{name}", UriKind.Relative))).EnsureSuccessStatusCode();
        management.Dispose();
        await using var source = NpgsqlDataSource.Create(Given("EM_TEST_POSTGRES"));
        await using var drop = source.CreateCommand($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        await drop.ExecuteNonQueryAsync();
    }

    private static string Given(string variable)
    {
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value)
        {
            return value;
        }

        if (Environment.GetEnvironmentVariable("EM_TEST_FAST") == "1")
        {
            Assert.Ignore($"{variable} is not set.");
        }

        Assert.Fail($"{variable} is not set: ./test.sh starts the server and sets it.");
        return "";
    }
}
