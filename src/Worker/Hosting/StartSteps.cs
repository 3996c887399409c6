using ExecutionManager.Durability;
using System.Net;
using System.Net.Sockets;
using ExecutionManager.Store;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace ExecutionManager.Worker;

/// <summary>What is done with database and broker before anything is consumed.</summary>
internal static class StartSteps
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Looks before anything starts: a part that has taken up work and is stopped at once by another's taken port leaves traces of it.</summary>
    public static void CheckPorts(this WorkerSettings settings)
    {
        foreach (var url in settings.Urls)
        {
            var address = IPAddress.TryParse(url.Host.Trim('[', ']'), out var given) ? given : url.IsLoopback ? IPAddress.Loopback : IPAddress.Any;
            Check(new(address, url.Port), $"urls: {url.OriginalString} cannot be bound", "with --urls or ASPNETCORE_URLS");
        }

        if (settings.Mqtt is null)
        {
            Check(new(IPAddress.Loopback, settings.MqttPort), $"Mqtt:EmbeddedPort: port {settings.MqttPort} cannot be bound on 127.0.0.1", "as Mqtt:EmbeddedPort");
        }

        static void Check(IPEndPoint end, string cannot, string where)
        {
            try
            {
                using var socket = new Socket(end.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(end);
            }
            catch (SocketException taken)
            {
                throw new StartFault($"{cannot} ({taken.SocketErrorCode}); give another one {where}");
            }
        }
    }

    /// <summary>Only the embedded default brings its schema along; elsewhere somebody decides when.</summary>
    public static async Task Prepare(this IServiceProvider services, CancellationToken ct)
    {
        if (services.GetRequiredService<WorkerSettings>().Postgres is null)
        {
            await services.Migrate(ct);
            return;
        }

        await services.WithStore(async db =>
        {
            if (await db.Schema(ct) == StoreSchema.Behind)
            {
                throw new StartFault("ConnectionStrings:Store: the database is not at the schema of this version; bring it there with the verb 'migrate'");
            }
        });
    }

    /// <summary>Brings the database to this version's schema.</summary>
    public static Task Migrate(this IServiceProvider services, CancellationToken ct) => services.WithStore(async db =>
    {
        await db.Database.MigrateAsync(ct);
        if (db is SqliteStoreContext)
        {
            await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL", ct);
        }
    });

    /// <summary>Declares exchanges and queues; returns what to tell.</summary>
    public static async Task<string> Declare(this IServiceProvider services)
    {
        if (services.GetRequiredService<WorkerSettings>().Bus is not { } address)
        {
            throw new ConfigurationFault(["ConnectionStrings:Bus: none is given, and in memory there is nothing to declare"]);
        }

        using var patience = new CancellationTokenSource(Patience, services.GetRequiredService<TimeProvider>());
        try
        {
            await services.GetRequiredService<IBusControl>().DeployAsync(patience.Token);
        }
        catch (Exception fault) when (fault is OperationCanceledException or MassTransitException)
        {
            throw new StartFault($"ConnectionStrings:Bus: RabbitMQ at {RabbitBus.Shown(address)} could not be told: {fault.Why()}");
        }

        return $"Exchanges and queues are declared at {RabbitBus.Shown(address)}";
    }

    private static async Task WithStore(this IServiceProvider services, Func<StoreContext, Task> action)
    {
        await using var scope = services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<StoreContext>();
        try
        {
            if (await db.Schema(CancellationToken.None) == StoreSchema.Newer)
            {
                throw new StartFault("ConnectionStrings:Store: the database was brought to its schema by a later version's 'migrate'; this version cannot use it");
            }

            await action(db);
        }
        catch (Exception fault) when (fault is NpgsqlException or SocketException || fault.InnerException is NpgsqlException)
        {
            throw new StartFault($"ConnectionStrings:Store: {StartBlock.Store(services.GetRequiredService<WorkerSettings>())} does not answer: {fault.Why()}");
        }
    }
}
