using System.Globalization;
using System.Net;
using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace ExecutionManager.Journeys.Tests;

/// <summary>With Mqtt:SharedSubscriptions each message goes to one worker, where the broker is proved to do that.</summary>
[Category("Process")]
[NonParallelizable]
public sealed class When_workers_share_the_subscriptions
{
    private const int Messages = 40;

    private readonly string fleetName = Guid.NewGuid().ToString("N")[..8];

    [TestCase(true)]
    [TestCase(false)]
    [CancelAfter(300_000)]
    public async Task Should_handle_each_message_once_if_they_share_and_in_each_worker_if_not(bool shared, CancellationToken cancellation)
    {
        await using var servers = await Servers.TakeMigrated();
        await using var first = Worker([.. servers.Connections(), $"--Mqtt:SharedSubscriptions={shared}"]);
        await using var second = Worker([.. servers.Connections(), $"--Mqtt:SharedSubscriptions={shared}"]);
        await Task.WhenAll(first.Start(), second.Start());
        using var device = await Connect(servers.Mqtt.Port, cancellation);
        for (var number = 0; number < Messages; number++)
        {
            await Say(device, $"{fleetName}-{number}", "telemetry", """ "at":"2026-11-24T09:00:00Z" """, cancellation);
        }

        (double First, double Second) seen = default;
        var expected = shared ? Messages : 2 * Messages;
        await first.Until($"{expected} are counted", async () => (seen = (await Heard(first), await Heard(second))) is { First: > 0, Second: > 0 } && seen.First + seen.Second == expected);

        // Who hears this one has handled all that came before it: had it heard everything, there would be more by now.
        await Say(device, $"{fleetName}-last", "connection", """ "state":"online","reportInterval":"PT1M","capabilities":{"evidence":"journal","lease":"enforced"},"contracts":[] """, cancellation);
        await first.Until("the last one is known", async () => (await first.Get($"/devices/{fleetName}-last"))?["connected"]?.GetValue<bool>() == true);
        Assert.That(await Heard(first) + await Heard(second), Is.EqualTo(expected));
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Should_hear_everything_and_say_so_where_the_broker_does_not_share(CancellationToken cancellation)
    {
        var port = WorkerProcess.FreePort();
        using var broker = new MqttServerFactory().CreateMqttServer(new MqttServerOptionsBuilder()
            .WithDefaultEndpoint().WithDefaultEndpointPort(port).WithDefaultEndpointBoundIPAddress(IPAddress.Loopback).WithDefaultEndpointBoundIPV6Address(IPAddress.None).Build());
        // This one knows no shared subscriptions and says so; others were seen to grant them all the same, and to deliver nothing.
        broker.InterceptingOutboundPacketAsync += outbound =>
        {
            if (outbound.Packet is MqttSubAckPacket answer)
            {
                answer.ReasonCodes = [.. answer.ReasonCodes.Select(_ => MqttSubscribeReasonCode.GrantedQoS1)];
            }

            return Task.CompletedTask;
        };
        await broker.StartAsync();
        await using var worker = Worker([$"--ConnectionStrings:Mqtt=mqtt://127.0.0.1:{port}", "--Mqtt:SharedSubscriptions=true"]);
        await worker.Start();
        Assert.That(worker.Output, Does.Contain("Mqtt:SharedSubscriptions: the broker at 127.0.0.1").And.Contain("delivers nothing"));

        using var device = await Connect(port, cancellation);
        await Say(device, "agv-1", "connection", """ "state":"online","reportInterval":"PT1M","capabilities":{"evidence":"journal","lease":"enforced"},"contracts":[] """, cancellation);
        await worker.Until("the device is heard", async () => (await worker.Get("/devices/agv-1"))?["connected"]?.GetValue<bool>() == true);
    }

    private static WorkerProcess Worker(string[] more) => new(Directory.CreateTempSubdirectory("em-share-").FullName, more);

    private static async Task<double> Heard(WorkerProcess worker) => (await Scrape.Of(worker))["em_device_messages_total", "topic=\"telemetry\""] ?? 0;

    private static Task Say(IMqttClient client, string deviceId, string topic, string more, CancellationToken cancellation) => client.PublishStringAsync(
        $"em/v1/{deviceId}/{topic}",
        $$"""{{{more}},"connectionEpoch":1,"uptimeMs":1,"sentAt":"{{TimeProvider.System.GetUtcNow().UtcDateTime.ToString("o", CultureInfo.InvariantCulture)}}"}""",
        MqttQualityOfServiceLevel.AtLeastOnce, cancellationToken: cancellation);

    private static async Task<IMqttClient> Connect(int port, CancellationToken cancellation)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithClientId($"tester-{Guid.NewGuid():N}").Build(), cancellation);
        return client;
    }
}
