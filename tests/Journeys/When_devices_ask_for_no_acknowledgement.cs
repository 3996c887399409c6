using System.Diagnostics.Metrics;
using System.Net;
using ExecutionManager.Adapters;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace ExecutionManager.Journeys.Tests;

/// <summary>At QoS 0 no broker holds back what the bus does not take: the adapter keeps as many as it may have in flight.</summary>
[TestFixture, CancelAfter(60_000)]
public sealed class When_devices_ask_for_no_acknowledgement
{
    private const int InFlight = 4;

    [Test]
    public async Task Should_keep_so_many_while_the_bus_is_away_and_go_on_reading(CancellationToken cancellation)
    {
        var port = WorkerProcess.FreePort();
        using var broker = new MqttServerFactory().CreateMqttServer(new MqttServerOptionsBuilder()
            .WithDefaultEndpoint().WithDefaultEndpointPort(port).WithDefaultEndpointBoundIPAddress(IPAddress.Loopback).WithDefaultEndpointBoundIPV6Address(IPAddress.None).Build());
        await broker.StartAsync();
        await using var services = new ServiceCollection().AddLogging().AddMassTransit(x =>
        {
            x.DisableUsageTelemetry();
            x.UsingInMemory();
        }).BuildServiceProvider();
        var bus = services.GetRequiredService<IBusControl>();
        await bus.StartAsync(cancellation);
        var gate = new Gate();
        bus.ConnectPublishObserver(gate);
        long dropped = 0;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, on) =>
        {
            if (instrument.Name == "em_device_messages_dropped")
            {
                on.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref dropped, count));
        listener.Start();
        using var adapter = new MqttAdapter(new MqttAdapterOptions { Port = port, InFlight = InFlight }, bus, TimeProvider.System, NullLogger<MqttAdapter>.Instance);
        await adapter.StartAsync(cancellation);
        await Until(() => adapter.Status.WhyNot is null);

        using var device = new MqttClientFactory().CreateMqttClient();
        await device.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithClientId("agv-1").Build(), cancellation);
        for (var number = 0; number < 10; number++)
        {
            await Say(MqttQualityOfServiceLevel.AtMostOnce, number);
        }

        await Until(() => Interlocked.Read(ref dropped) == 10 - InFlight);
        await Say(MqttQualityOfServiceLevel.AtLeastOnce, 10);
        gate.Open();
        await Until(() => gate.Passed == InFlight + 1);

        await Say(MqttQualityOfServiceLevel.AtMostOnce, 11);
        await Until(() => gate.Passed == InFlight + 2);
        Assert.That(Interlocked.Read(ref dropped), Is.EqualTo(10 - InFlight), "there is room again");
        await adapter.StopAsync(cancellation);
        await bus.StopAsync(cancellation);

        Task Say(MqttQualityOfServiceLevel qos, int uptime) => device.PublishStringAsync(
            "em/v1/agv-1/journal",
            $$"""{"contractId":"{{Guid.NewGuid()}}","entries":[],"tail":0,"sentAt":"2026-11-24T09:00:00Z","connectionEpoch":1,"uptimeMs":{{uptime}}}""",
            qos, cancellationToken: cancellation);

        async Task Until(Func<bool> condition)
        {
            while (!condition())
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, cancellation);
            }
        }
    }

    /// <summary>A bus that takes nothing until it is opened.</summary>
    private sealed class Gate : IPublishObserver
    {
        private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int passed;

        public int Passed => Volatile.Read(ref passed);

        public void Open() => opened.SetResult();

        public Task PrePublish<T>(PublishContext<T> context) where T : class => opened.Task;

        public Task PostPublish<T>(PublishContext<T> context) where T : class
        {
            Interlocked.Increment(ref passed);
            return Task.CompletedTask;
        }

        public Task PublishFault<T>(PublishContext<T> context, Exception exception) where T : class => Task.CompletedTask;
    }
}
