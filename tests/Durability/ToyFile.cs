using Microsoft.Data.Sqlite;

namespace ExecutionManager.Durability.Tests;

/// <summary>A database file for each test, and the hosts that worked on it.</summary>
public abstract class ToyFile
{
    private readonly List<ToyHost> hosts = [];

    protected string File { get; private set; } = "";

    [SetUp]
    public void Create() => File = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"toy-{Guid.NewGuid():N}.db");

    [TearDown]
    public async Task Delete()
    {
        foreach (var host in hosts)
        {
            await host.Stop();
            await host.DisposeAsync();
        }
        hosts.Clear();
        SqliteConnection.ClearAllPools();
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(File)!, Path.GetFileName(File) + "*"))
            System.IO.File.Delete(file);
    }

    private protected ToyHost Latest => hosts[^1];

    private protected ToyHost Use(ToyHost host)
    {
        hosts.Add(host);
        return host;
    }
}
