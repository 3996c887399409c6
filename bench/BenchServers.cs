using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace ExecutionManager.Bench;

/// <summary>PostgreSQL and RabbitMQ of the benchmark's own, on free ports and in a directory that goes with it.</summary>
internal sealed class BenchServers : IAsyncDisposable
{
    private static readonly string[] Names = ["postgres", "rabbitmq"];
    private readonly string directory = Directory.CreateTempSubdirectory("em-bench-").FullName;
    private readonly Dictionary<string, string> given = [];
    private List<PosixSignalRegistration> ends = [];

    private BenchServers()
    {
    }

    public static string Root { get; } = FindRoot();

    public string Postgres => given["EM_TEST_POSTGRES"];

    public static async Task<BenchServers> Start()
    {
        var servers = new BenchServers();
        // The servers are of sessions of their own: what ends this process does not end them.
        servers.ends = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(signal => PosixSignalRegistration.Create(signal, _ =>
        {
            servers.DisposeAsync().AsTask().GetAwaiter().GetResult();
            Environment.Exit(130);
        }))];
        await servers.Script(["start", .. Names]);
        foreach (var line in (await servers.Script("env")).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = line["export ".Length..].Split('=', 2);
            servers.given[pair[0]] = pair[1].Trim('\'');
        }

        return servers;
    }

    /// <summary>A virtual host of its own on the broker.</summary>
    public async Task<Uri> VirtualHost(string name)
    {
        var management = new Uri(given["EM_TEST_RABBITMQ_MANAGEMENT"]);
        using var http = new HttpClient { BaseAddress = new Uri($"http://{management.Authority}") };
        http.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(management.UserInfo)));
        (await http.PutAsync(new Uri($"/api/vhosts/{name}", UriKind.Relative), null)).EnsureSuccessStatusCode();
        using var all = new StringContent("""{"configure":".*","write":".*","read":".*"}""", Encoding.UTF8, "application/json");
        (await http.PutAsync(new Uri($"/api/permissions/{name}/{management.UserInfo.Split(':')[0]}", UriKind.Relative), all)).EnsureSuccessStatusCode();
        return new UriBuilder(given["EM_TEST_RABBITMQ"]) { Path = name }.Uri;
    }

    public static async Task<string> Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (said, complained) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? await said : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {await complained}");
    }

    public async ValueTask DisposeAsync()
    {
        ends.ForEach(end => end.Dispose());
        await Script("stop");
        Directory.Delete(directory, recursive: true);
    }

    // Its servers inherit no pipe of ours: the script's end would not be seen before theirs.
    private async Task<string> Script(params string[] command)
    {
        var said = Path.Combine(directory, "said");
        var script = new StringBuilder($"'{Root}/scripts/servers.sh' '{directory}'").AppendJoin("", command.Select(word => $" {word}"));
        await Run("bash", "-c", $"{script} > '{said}'");
        return await File.ReadAllTextAsync(said);
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ExecutionManager.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The benchmark runs outside its repository.");
        }

        return folder;
    }
}
