using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace ExecutionManager.Journeys.Tests;

/// <summary>The worker as its own process on a data directory that outlives it; devices and tests stand outside.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    private readonly string[] arguments;
    private readonly List<string> output = [];
    private Process? process;

    public WorkerProcess(string dataDirectory, params string[] more)
    {
        DataDirectory = dataDirectory;
        (HttpPort, MqttPort) = (FreePort(), FreePort());
        arguments = [$"--urls=http://127.0.0.1:{HttpPort}", $"--Mqtt:EmbeddedPort={MqttPort}", $"--DataDirectory={dataDirectory}", .. more];
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{HttpPort}"), Timeout = TimeSpan.FromSeconds(20) };
    }

    public string DataDirectory { get; }
    public int HttpPort { get; }
    public int MqttPort { get; }
    public HttpClient Http { get; }

    /// <summary>Everything the process has said, for a failed test.</summary>
    public string Output
    {
        get
        {
            lock (output)
            {
                return string.Join('\n', output.TakeLast(200));
            }
        }
    }

    /// <summary>The worker, or a test's own host around its services.</summary>
    public string Program { get; init; } = "Worker";

    public bool IsRunning => process is { HasExited: false };

    public static string Dll => DllOf("Worker");

    /// <param name="probe">What is waited for: ready, or live while a part is away.</param>
    public async Task Start(string probe = "ready")
    {
        process = Run(DllOf(Program), arguments, Keep);
        await Until(probe, async () => await Get($"/health/{probe}") is { } health && health["status"]!.GetValue<string>() == probe);
    }

    /// <summary>Waits until it ends by itself; the exit code.</summary>
    public async Task<int> Ended()
    {
        await process!.WaitForExitAsync();
        return process.ExitCode;
    }

    /// <summary>As <c>kill -9</c>: nothing is finished, nothing is said.</summary>
    public async Task Kill()
    {
        process!.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>As Ctrl+C or a container's stop; the exit code.</summary>
    public async Task<int> Terminate()
    {
        using (var kill = Process.Start("kill", ["-TERM", process!.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }

        return await Ended();
    }

    public async Task<JsonObject?> Get(string path)
    {
        try
        {
            using var answer = await Http.GetAsync(path);
            return JsonNode.Parse(await answer.Content.ReadAsStringAsync())?.AsObject();
        }
        catch (Exception absent) when (absent is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }

    /// <summary>Waits on a condition, for as long as a slow machine may need.</summary>
    public async Task Until(string what, Func<Task<bool>> condition, TimeSpan? longest = null)
    {
        using var patience = new CancellationTokenSource(longest ?? TimeSpan.FromSeconds(120), TimeProvider.System);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        while (!await condition())
        {
            if (process is { HasExited: true } || patience.IsCancellationRequested)
            {
                Assert.Fail($"'{what}' did not come about.\n{Output}");
            }

            await tick.WaitForNextTickAsync();
        }
    }

    /// <summary>Runs the worker's program to its end.</summary>
    public static Task<(int Code, string Output, string Error)> RunToEnd(params string[] args) => RunToEnd("Worker", _ => { }, args);

    public static async Task<(int Code, string Output, string Error)> RunToEnd(string program, Action<string> heard, params string[] args)
    {
        var (said, complained) = (new List<string>(), new List<string>());
        using var process = Run(DllOf(program), args, line =>
        {
            said.Add(line);
            heard(line);
        }, complained.Add);
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Join('\n', said), string.Join('\n', complained));
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (IsRunning)
        {
            await Kill();
        }

        process?.Dispose();
    }

    public static string DllOf(string program) => Path.Combine(AppContext.BaseDirectory, $"ExecutionManager.{program}.dll");

    // Without a terminal: none of the three streams is one.
    public static Process Run(string dll, string[] args, Action<string> said, Action<string>? complained = null)
    {
        var start = new ProcessStartInfo("dotnet", [dll, .. args]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Tell(said, line.Data);
        process.ErrorDataReceived += (_, line) => Tell(complained ?? said, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static void Tell(Action<string> listener, string? line)
    {
        if (line is not null)
        {
            lock (listener)
            {
                listener(line);
            }
        }
    }

    private void Keep(string line)
    {
        lock (output)
        {
            output.Add(line);
        }
    }
}
