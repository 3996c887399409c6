using MQTTnet;
using MQTTnet.Formatter;

namespace ExecutionManager.Journeys.Tests;

/// <summary>Command-line tools connect to the embedded broker without a client id.</summary>
[Category("Process")]
public sealed class When_a_client_gives_no_name
{
    [Test]
    [CancelAfter(120_000)]
    public async Task Should_be_given_one([Values(MqttProtocolVersion.V311, MqttProtocolVersion.V500)] MqttProtocolVersion version, CancellationToken cancellation)
    {
        await using var worker = new WorkerProcess(Directory.CreateTempSubdirectory("em-unnamed-").FullName);
        await worker.Start();
        using var one = new MqttClientFactory().CreateMqttClient();
        using var other = new MqttClientFactory().CreateMqttClient();
        var heard = new TaskCompletionSource<string>();
        one.ApplicationMessageReceivedAsync += received =>
        {
            heard.TrySetResult(received.ApplicationMessage.ConvertPayloadToString());
            return Task.CompletedTask;
        };
        foreach (var client in new[] { one, other })
        {
            var connected = await client.ConnectAsync(
                new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", worker.MqttPort).WithProtocolVersion(version).WithClientId("").WithCleanSession().Build(), cancellation);
            Assert.That(connected.ResultCode, Is.EqualTo(MqttClientConnectResultCode.Success));
        }

        await one.SubscribeAsync("em/v1/agv-17/rejected", cancellationToken: cancellation);
        await other.PublishStringAsync("em/v1/agv-17/journal", "{", cancellationToken: cancellation);
        Assert.That(await heard.Task.WaitAsync(cancellation), Does.Contain("malformed"), "and the two are not taken for one");
    }
}
