using System.Text;
using Npgsql;

namespace ExecutionManager.Durability.Tests;

/// <summary>The servers that test.sh started. Without one a test fails, unless only the fast ones are wanted.</summary>
internal static class Servers
{
    public static string Postgres => Given("EM_TEST_POSTGRES");

    public static string RabbitMq => Given("EM_TEST_RABBITMQ");

    public static async Task Drop(string database)
    {
        await using var server = NpgsqlDataSource.Create(Postgres);
        await using var command = server.CreateCommand($"DROP DATABASE IF EXISTS \"{database}\" WITH (FORCE)");
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>A virtual host of its own, empty.</summary>
    public static async Task<string> CreateVirtualHost()
    {
        var management = new Uri(Given("EM_TEST_RABBITMQ_MANAGEMENT"));
        using var http = new HttpClient { BaseAddress = new Uri($"http://{management.Authority}") };
        http.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(management.UserInfo)));
        var name = $"toy-{Guid.NewGuid():N}";
        (await http.PutAsync(new Uri($"/api/vhosts/{name}", UriKind.Relative), null)).EnsureSuccessStatusCode();
        using var all = new StringContent("""{"configure":".*","write":".*","read":".*"}""", Encoding.UTF8, "application/json");
        (await http.PutAsync(new Uri($"/api/permissions/{name}/{management.UserInfo.Split(':')[0]}", UriKind.Relative), all)).EnsureSuccessStatusCode();
        return new UriBuilder(RabbitMq) { Path = name }.Uri.ToString();
    }

    private static string Given(string variable)
    {
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } connection)
            return connection;
        if (Environment.GetEnvironmentVariable("EM_TEST_FAST") == "1")
            Assert.Ignore($"{variable} is not set.");
        Assert.Fail($"{variable} is not set: ./test.sh starts the server and sets it.");
        return "";
    }
}
