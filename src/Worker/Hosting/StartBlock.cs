using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace ExecutionManager.Worker;

/// <summary>What somebody who has just started the worker wants to know.</summary>
internal static class StartBlock
{
    public static string Of(WebApplication app)
    {
        var settings = app.Services.GetRequiredService<WorkerSettings>();
        var urls = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        var url = urls.FirstOrDefault() ?? "";
        return $"""
            Execution Manager is ready
              HTTP      {string.Join(", ", urls)}   (contracts: {url}/contracts, documentation: {url}/scalar)
              MQTT      mqtt://127.0.0.1:{settings.MqttPort}   (embedded broker, no credentials)
              bus       in memory
              store     {settings.DatabaseFile}
              off       authentication ({(settings.AllowAnonymous ? "anonymous access is allowed" : "loopback only")})
            """;
    }
}
