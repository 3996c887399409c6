using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Data.Sqlite;

namespace ExecutionManager.Worker;

/// <summary>One run of the program: its exit code, and everything it says when it cannot run.</summary>
public static class WorkerProgram
{
    public const int Usage = 64, Unavailable = 69, Misconfigured = 78;

    /// <param name="compose">A test's own composition: what it adds is registered last.</param>
    public static async Task<int> Run(string[] args, TextWriter output, TextWriter error, Action<IServiceCollection>? compose = null)
    {
        var call = CommandLine.Parse(args);
        if (call.Verb == "help" || call.Faults.Count > 0)
        {
            foreach (var fault in call.Faults)
            {
                await error.WriteLineAsync(fault);
            }

            await (call.Faults.Count > 0 ? error : output).WriteLineAsync(CommandLine.Usage);
            return call.Faults.Count > 0 ? Usage : 0;
        }

        try
        {
            if (call.Verb == "migrate")
            {
                await using var migrated = WorkerHost.Build(call, compose);
                await migrated.Services.Migrate(CancellationToken.None);
                await output.WriteLineAsync($"The database is at the schema of this version: {StartBlock.Store(migrated.Services.GetRequiredService<WorkerSettings>())}");
                return 0;
            }

            if (call.Verb == "topology")
            {
                await using var declared = WorkerHost.Build(call, compose);
                await output.WriteLineAsync(await declared.Services.Declare());
                return 0;
            }

            if (call.Demo)
            {
                return await Demo.DemoRun.Run(call, output, compose);
            }

            await using var app = WorkerHost.Build(call, compose);
            await Start(app, output);
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (ConfigurationFault faults)
        {
            foreach (var fault in faults.Faults)
            {
                await error.WriteLineAsync($"configuration: {fault}");
            }

            return Misconfigured;
        }
        catch (StartFault fault)
        {
            await error.WriteLineAsync(fault.Message);
            return Unavailable;
        }
        catch (SqliteException damaged)
        {
            await error.WriteLineAsync($"DataDirectory: the database file cannot be used ({damaged.Message})");
            return Unavailable;
        }
    }

    /// <summary>Starts on a database of this version's schema, and says where everything is.</summary>
    internal static async Task Start(WebApplication app, TextWriter output)
    {
        app.Services.GetRequiredService<WorkerSettings>().CheckPorts();
        await app.Services.Prepare(CancellationToken.None);
        try
        {
            await app.StartAsync();
        }
        catch (IOException taken) when (taken.InnerException is AddressInUseException)
        {
            throw new StartFault($"urls: {taken.Message} Give another address with --urls or ASPNETCORE_URLS.");
        }
        catch (SocketException denied)
        {
            throw new StartFault($"urls: the address cannot be bound ({denied.SocketErrorCode}). Give another one with --urls or ASPNETCORE_URLS.");
        }

        await output.WriteLineAsync(StartBlock.Of(app));
    }
}
