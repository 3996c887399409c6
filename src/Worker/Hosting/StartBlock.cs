using ExecutionManager.Adapters;
using MassTransit;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Npgsql;

namespace ExecutionManager.Worker;

/// <summary>What somebody who has just started the worker wants to know; passwords are left out.</summary>
internal static class StartBlock
{
    public static string Of(WebApplication app)
    {
        var settings = app.Services.GetRequiredService<WorkerSettings>();
        var urls = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        var url = urls.FirstOrDefault() ?? "";
        var isConnected = app.Services.GetRequiredService<IBusControl>().CheckHealth().Status == BusHealthStatus.Healthy;
        return $"""
            Execution Manager is {(settings.Bus is null || isConnected ? "ready" : "up, the bus is not connected yet")}
              HTTP      {string.Join(", ", urls)}   (contracts: {url}/contracts, documentation: {url}/scalar)
              MQTT      {Mqtt(settings)}
              bus       {(settings.Bus is { } bus ? $"RabbitMQ {RabbitBus.Shown(bus)}" : "in memory")}
              store     {Store(settings)}
              off       authentication ({(settings.AllowAnonymous ? "anonymous access is allowed" : "loopback only")})
            """;
    }

    public static string Store(WorkerSettings settings)
    {
        if (settings.Postgres is not { } text)
        {
            return settings.DatabaseFile;
        }

        var postgres = new NpgsqlConnectionStringBuilder(text);
        return $"PostgreSQL {postgres.Host}:{postgres.Port}, database {postgres.Database}";
    }

    private static string Mqtt(WorkerSettings settings) => settings.Mqtt is { } broker
        ? $"{(broker.UseTls ? "mqtts" : "mqtt")}://{broker.Host}:{broker.Port}   (external broker)"
        : $"mqtt://127.0.0.1:{settings.MqttPort}   (embedded broker, no credentials)";
}
