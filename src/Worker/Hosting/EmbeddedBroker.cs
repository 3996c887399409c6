using System.Net;
using System.Net.Sockets;
using MQTTnet.Server;

namespace ExecutionManager.Worker;

/// <summary>The MQTT broker of the embedded default: loopback, no credentials, persistent sessions, set limits.</summary>
public sealed class EmbeddedBroker(WorkerSettings settings) : IHostedService, IAsyncDisposable
{
    /// <summary>Messages kept for one client that does not take them; beyond that the oldest is dropped, and a device
    /// sends what was not acknowledged again.</summary>
    private const int MaxPendingMessages = 10_000;

    private MqttServer? server;

    public bool IsRunning => server is { IsStarted: true };

    public async Task StartAsync(CancellationToken ct)
    {
        server = new MqttServerFactory().CreateMqttServer(new MqttServerOptionsBuilder()
            .WithDefaultEndpoint()
            .WithDefaultEndpointBoundIPAddress(IPAddress.Loopback)
            .WithDefaultEndpointBoundIPV6Address(IPAddress.None)
            .WithDefaultEndpointPort(settings.MqttPort)
            .WithPersistentSessions()
            .WithMaxPendingMessagesPerClient(MaxPendingMessages)
            .Build(), [new UnnamedClients()]);
        // A client of MQTT 5 without an id is told the one it gets.
        server.ValidatingConnectionAsync += connection =>
        {
            if (string.IsNullOrEmpty(connection.ClientId))
            {
                connection.AssignedClientIdentifier = UnnamedClients.NewName();
            }

            return Task.CompletedTask;
        };
        try
        {
            await server.StartAsync();
        }
        catch (SocketException taken)
        {
            throw new StartFault($"Mqtt:EmbeddedPort: port {settings.MqttPort} cannot be bound on 127.0.0.1 ({taken.SocketErrorCode}); give another one");
        }
    }

    public async Task StopAsync(CancellationToken ct)
    {
        if (server is not null)
        {
            await server.StopAsync();
        }
    }

    public ValueTask DisposeAsync()
    {
        server?.Dispose();
        return ValueTask.CompletedTask;
    }
}
