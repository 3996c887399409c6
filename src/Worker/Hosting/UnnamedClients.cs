using System.Net;
using System.Security.Cryptography.X509Certificates;
using MQTTnet.Adapter;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Server;
using MQTTnet.Server.Internal.Adapter;

namespace ExecutionManager.Worker;

/// <summary>
/// Gives MQTT 3.1.1 clients without a client id one, as that standard allows with a clean session and command-line tools do
/// by default. The library's own events can do so for MQTT 5 only, so it is written into the first packet.
/// </summary>
internal sealed class UnnamedClients : IMqttServerAdapter
{
    private readonly MqttTcpServerAdapter tcp = new();

    public static string NewName() => $"unnamed-{Guid.NewGuid():N}";

    public Func<IMqttChannelAdapter, Task>? ClientHandler
    {
        get => tcp.ClientHandler;
        set => tcp.ClientHandler = value is null ? null : channel => value(new Channel(channel));
    }

    public Task StartAsync(MqttServerOptions options, IMqttNetLogger logger) => tcp.StartAsync(options, logger);

    public Task StopAsync() => tcp.StopAsync();

    public void Dispose() => tcp.Dispose();

    private sealed class Channel(IMqttChannelAdapter inner) : IMqttChannelAdapter
    {
        public long BytesReceived => inner.BytesReceived;

        public long BytesSent => inner.BytesSent;

        public X509Certificate2 ClientCertificate => inner.ClientCertificate;

        public EndPoint RemoteEndPoint => inner.RemoteEndPoint;

        public EndPoint LocalEndPoint => inner.LocalEndPoint;

        public bool IsSecureConnection => inner.IsSecureConnection;

        public MqttPacketFormatterAdapter PacketFormatterAdapter => inner.PacketFormatterAdapter;

        public Task ConnectAsync(CancellationToken cancellationToken) => inner.ConnectAsync(cancellationToken);

        public Task DisconnectAsync(CancellationToken cancellationToken) => inner.DisconnectAsync(cancellationToken);

        public async Task<MqttPacket> ReceivePacketAsync(CancellationToken cancellationToken)
        {
            var packet = await inner.ReceivePacketAsync(cancellationToken);
            if (packet is MqttConnectPacket { ClientId: null or "", CleanSession: true } connect && PacketFormatterAdapter.ProtocolVersion != MqttProtocolVersion.V500)
            {
                connect.ClientId = NewName();
            }

            return packet;
        }

        public void ResetStatistics() => inner.ResetStatistics();

        public Task SendPacketAsync(MqttPacket packet, CancellationToken cancellationToken) => inner.SendPacketAsync(packet, cancellationToken);

        public void Dispose() => inner.Dispose();
    }
}
