using Microsoft.Data.Sqlite;
using Npgsql;

namespace ExecutionManager.Durability.Tests;

/// <summary>A database for each test, of each kind, and the hosts that worked on it.</summary>
[TestFixture(Sqlite)]
[TestFixture(Postgres)]
public abstract class ToyFile(string kind)
{
    protected const string Sqlite = "SQLite";
    protected const string Postgres = "PostgreSQL";

    private readonly List<ToyHost> hosts = [];

    protected string Kind => kind;

    /// <summary>The connection string.</summary>
    protected string File { get; private set; } = "";

    [SetUp]
    public void Create()
    {
        var name = $"toy_{Guid.NewGuid():N}";
        File = kind == Sqlite
            ? $"Data Source={Path.Combine(TestContext.CurrentContext.WorkDirectory, name)}.db"
            : new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = name, MaxPoolSize = 20 }.ConnectionString;
    }

    [TearDown]
    public async Task Delete()
    {
        foreach (var host in hosts)
        {
            await host.Stop();
            await host.DisposeAsync();
        }
        hosts.Clear();
        if (File.Length == 0)
            return;
        if (kind == Postgres)
        {
            NpgsqlConnection.ClearAllPools();
            await Servers.Drop(new NpgsqlConnectionStringBuilder(File).Database!);
            return;
        }
        SqliteConnection.ClearAllPools();
        var file = new SqliteConnectionStringBuilder(File).DataSource;
        foreach (var one in Directory.GetFiles(Path.GetDirectoryName(file)!, Path.GetFileName(file) + "*"))
            System.IO.File.Delete(one);
    }

    private protected ToyHost Latest => hosts[^1];

    private protected ToyHost Use(ToyHost host)
    {
        hosts.Add(host);
        return host;
    }
}
