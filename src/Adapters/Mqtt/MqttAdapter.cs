using System.Threading.Channels;
using ExecutionManager.Contracts.Messages;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace ExecutionManager.Adapters;

/// <summary>
/// Keeps a clean session at the broker and carries what devices say to the bus. A message is acknowledged only once the
/// bus has it, in the order received; messages of one device keep their order, telemetry is coalesced. What comes at QoS 0
/// waits for no acknowledgement: beyond as many as may be in flight it is dropped. Without a connection it tries again for
/// ever and says why in <see cref="Status"/>.
/// </summary>
public sealed class MqttAdapter(MqttAdapterOptions options, IBus bus, TimeProvider time, ILogger<MqttAdapter> logger)
    : BackgroundService, IDevicePublisher
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ProofPatience = TimeSpan.FromSeconds(5);

    // One name for all adapters of all workers, whatever the process.
    private const string ShareAll = "$share/execution-manager/";

    // Below our own name, where no device and no other adapter listens.
    private readonly string _proofTopic = DeviceTopics.Of(options.ClientId, "proof");
    private volatile TaskCompletionSource? _proof;

    private readonly LatestSamples _samples = new(options.TelemetryWaiting);
    private readonly RejectionBudget _budget = new(options.RejectionsPerMinute, time);
    private readonly Dictionary<string, Task> _lastOfDevice = [];
    private readonly Channel<(MqttApplicationMessageReceivedEventArgs Received, Task Done)> _unacknowledged =
        Channel.CreateBounded<(MqttApplicationMessageReceivedEventArgs, Task)>(new BoundedChannelOptions(options.InFlight) { SingleReader = true });

    private int _atMostOnce;
    private volatile IMqttClient? _client;
    private volatile MqttAdapterStatus _status = new(false, "not started");

    public MqttAdapterStatus Status => _status;

    public async Task<DevicePublication> PublishAsync(DownwardMessage message, CancellationToken cancellation)
    {
        if (_client is not { } client)
            return DevicePublication.Unavailable;
        try
        {
            var result = await client.PublishAsync(new MqttApplicationMessageBuilder()
                .WithTopic(message.Topic)
                .WithPayload(message.Payload)
                .WithQualityOfServiceLevel((MqttQualityOfServiceLevel)message.Qos)
                .Build(), cancellation);
            if (result.IsSuccess)
            {
                AdapterMetrics.Published.Add(1);
                return DevicePublication.Published;
            }
            logger.CommandRefused(message.Topic, $"{result.ReasonCode} {result.ReasonString}");
            return DevicePublication.Refused;
        }
        catch (Exception e) when (IsConnectionLoss(e) && !cancellation.IsCancellationRequested)
        {
            return DevicePublication.Unavailable;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // What has not happened yet is shown as such, so that its first time is seen as a rise.
        AdapterMetrics.Coalesced.Add(0);
        AdapterMetrics.TelemetryDropped.Add(0);
        AdapterMetrics.MessagesDropped.Add(0);
        await Task.WhenAll(KeepConnected(stoppingToken), Acknowledge(stoppingToken), PublishTelemetry(stoppingToken));
    }

    private async Task KeepConnected(CancellationToken stopping)
    {
        var backOff = options.BackOffFirst;
        while (!stopping.IsCancellationRequested)
        {
            using var client = new MqttClientFactory().CreateMqttClient();
            var lost = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            client.ApplicationMessageReceivedAsync += received => Receive(received, stopping);
            client.DisconnectedAsync += e =>
            {
                lost.TrySetResult(WhyLost(e));
                return Task.CompletedTask;
            };
            try
            {
                if (await Connect(client, stopping) is { } refused)
                {
                    await NotConnected(refused, backOff, stopping);
                }
                else
                {
                    backOff = options.BackOffFirst;
                    (_client, _status) = (client, new MqttAdapterStatus(true, null));
                    logger.AdapterConnected(options.Host, options.Port);
                    var reason = await lost.Task.WaitAsync(stopping);
                    _client = null;
                    await NotConnected(reason, backOff, stopping);
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                (_client, _status) = (null, new MqttAdapterStatus(false, "stopped"));
                await client.TryDisconnectAsync();
            }
            backOff = backOff * 2 < options.BackOffLongest ? backOff * 2 : options.BackOffLongest;
        }
    }

    // What ends without the broker's word is called a normal disconnection, though nobody here has asked for it.
    private static string WhyLost(MqttClientDisconnectedEventArgs e) => e.ReasonString ?? e.Exception?.Message
        ?? (e.Reason == MqttClientDisconnectReason.NormalDisconnection ? "the broker closed the connection, or went away" : e.Reason.ToString());

    /// <summary>Null when connected and subscribed, else why not.</summary>
    private async Task<string?> Connect(IMqttClient client, CancellationToken stopping)
    {
        var builder = new MqttClientOptionsBuilder()
            .WithTcpServer(options.Host, options.Port)
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithClientId(options.ClientId)
            .WithCleanStart()
            .WithReceiveMaximum(options.InFlight)
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(15))
            .WithTimeout(Patience);
        if (options.UserName is { } user)
            builder.WithCredentials(user, options.Password ?? "");
        if (options.UseTls)
            builder.WithTlsOptions(tls => tls.UseTls());
        try
        {
            var connected = await client.ConnectAsync(builder.Build(), stopping);
            if (connected.ResultCode != MqttClientConnectResultCode.Success)
                return $"{connected.ResultCode} {connected.ReasonString}".TrimEnd();
            var isShared = options.SharedSubscriptions && await IsSharingProved(client, stopping);
            return await Subscribe(client, DeviceTopics.Upward.Select(topic => isShared ? ShareAll + topic : topic), stopping);
        }
        catch (Exception e) when (IsConnectionLoss(e) && !stopping.IsCancellationRequested)
        {
            return e.InnerException?.Message ?? e.Message;
        }
    }

    private static async Task<string?> Subscribe(IMqttClient client, IEnumerable<string> topics, CancellationToken stopping)
    {
        var subscriptions = new MqttClientSubscribeOptionsBuilder();
        foreach (var topic in topics)
            subscriptions.WithTopicFilter(topic, MqttQualityOfServiceLevel.AtLeastOnce);
        var subscribed = await client.SubscribeAsync(subscriptions.Build(), stopping);
        var refused = subscribed.Items.FirstOrDefault(i => i.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2);
        return refused is null ? null : $"subscription to {refused.TopicFilter.Topic}: {refused.ResultCode}";
    }

    /// <summary>A broker may grant a shared subscription and deliver nothing: a message to itself tells. Without the proof
    /// every adapter hears everything, which is safe.</summary>
    private async Task<bool> IsSharingProved(IMqttClient client, CancellationToken stopping)
    {
        var proof = _proof = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var filter = $"$share/{options.ClientId}/{_proofTopic}";
        var why = await Subscribe(client, [filter], stopping);
        if (why is null)
        {
            var sent = await client.PublishStringAsync(_proofTopic, "", MqttQualityOfServiceLevel.AtLeastOnce, cancellationToken: stopping);
            why = sent.IsSuccess ? await Arrived(proof.Task) : $"a message to itself: {sent.ReasonCode}";
            await client.UnsubscribeAsync(filter, stopping);
        }
        _proof = null;
        if (why is not null)
            logger.SharingNotProved(options.Host, options.Port, why);
        return why is null;

        async Task<string?> Arrived(Task message)
        {
            try
            {
                await message.WaitAsync(ProofPatience, time, stopping);
                return null;
            }
            catch (TimeoutException)
            {
                return "it grants a shared subscription and delivers nothing";
            }
        }
    }

    private async Task NotConnected(string reason, TimeSpan backOff, CancellationToken stopping)
    {
        if (_status.WhyNot != reason)
            logger.AdapterNotConnected(options.Host, options.Port, reason);
        _status = new MqttAdapterStatus(false, reason);
        await Task.Delay(backOff * (0.5 + Random.Shared.NextDouble()), time, stopping);
    }

    private async Task Receive(MqttApplicationMessageReceivedEventArgs received, CancellationToken stopping)
    {
        var message = received.ApplicationMessage;
        if (message.Topic == _proofTopic)
        {
            _proof?.TrySetResult();
            return;
        }
        received.AutoAcknowledge = false;
        var reading = Upward.Read(message.Topic, message.Payload, message.Retain, time.GetUtcNow(), options.LargestPayload);
        var done = reading switch
        {
            { IsRejected: true } => Reject(reading.Rejection, stopping),
            { Message: TelemetryReported telemetry } => Offer(telemetry.Samples[0]),
            _ when message.QualityOfServiceLevel == MqttQualityOfServiceLevel.AtMostOnce => IfThereIsRoom(reading, message.Topic, stopping),
            _ => InOrderOfDevice(reading.DeviceId!, message.Topic, reading.Message!, stopping),
        };
        if (message.QualityOfServiceLevel != MqttQualityOfServiceLevel.AtMostOnce)
            await _unacknowledged.Writer.WriteAsync((received, done), stopping);
    }

    private async Task Reject(DeviceRejection rejection, CancellationToken stopping)
    {
        AdapterMetrics.Rejected.Add(1, AdapterMetrics.Reason(rejection.Reason));
        if (rejection.Answer is not { } answer || !_budget.TrySpend(answer.DeviceId))
            return;
        logger.DeviceMessageRejected(rejection.DeviceId, rejection.Topic, rejection.Reason, rejection.Detail);
        await PublishAsync(Downward.Write(answer), stopping);
    }

    private Task Offer(TelemetrySample sample)
    {
        AdapterMetrics.Received.Add(1, AdapterMetrics.Topic(DeviceTopics.Telemetry));
        _samples.Offer(sample);
        return Task.CompletedTask;
    }

    /// <summary>No broker holds back what waits for no acknowledgement.</summary>
    private async Task IfThereIsRoom(DeviceReading reading, string topic, CancellationToken stopping)
    {
        if (Interlocked.Increment(ref _atMostOnce) > options.InFlight)
        {
            Interlocked.Decrement(ref _atMostOnce);
            AdapterMetrics.MessagesDropped.Add(1);
            return;
        }
        try
        {
            await InOrderOfDevice(reading.DeviceId!, topic, reading.Message!, stopping);
        }
        finally
        {
            Interlocked.Decrement(ref _atMostOnce);
        }
    }

    /// <summary>Chains the message behind the one before it of the same device.</summary>
    private Task InOrderOfDevice(string deviceId, string topic, object message, CancellationToken stopping)
    {
        lock (_lastOfDevice)
        {
            var before = _lastOfDevice.GetValueOrDefault(deviceId, Task.CompletedTask);
            var mine = Publish();
            if (!mine.IsCompleted)
            {
                _lastOfDevice[deviceId] = mine;
                _ = Forget();
            }
            return mine;

            async Task Publish()
            {
                await before;
                await PublishToBus(message, stopping);
                AdapterMetrics.Received.Add(1, AdapterMetrics.Topic(DeviceTopics.Name(topic)));
            }

            async Task Forget()
            {
                await mine.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                lock (_lastOfDevice)
                {
                    if (_lastOfDevice.GetValueOrDefault(deviceId) == mine)
                        _lastOfDevice.Remove(deviceId);
                }
            }
        }
    }

    /// <summary>Until the bus has it: the broker of a clean session does not send it again.</summary>
    private async Task PublishToBus(object message, CancellationToken stopping)
    {
        for (var backOff = options.BackOffFirst; ; backOff = backOff * 2 < options.BackOffLongest ? backOff * 2 : options.BackOffLongest)
        {
            try
            {
                await bus.Publish(message, stopping);
                return;
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                logger.BusUnavailable(e.Message);
            }
            await Task.Delay(backOff, time, stopping);
        }
    }

    private async Task Acknowledge(CancellationToken stopping)
    {
        await foreach (var (received, done) in _unacknowledged.Reader.ReadAllAsync(stopping))
        {
            await done;
            try
            {
                await received.AcknowledgeAsync(stopping);
            }
            catch (Exception e) when (IsConnectionLoss(e) && !stopping.IsCancellationRequested)
            {
                // The connection it came by is gone, and with it the wish for an answer.
            }
        }
    }

    private async Task PublishTelemetry(CancellationToken stopping)
    {
        while (true)
        {
            var samples = await _samples.Take(options.TelemetryBatch, stopping);
            await PublishToBus(new TelemetryReported { Samples = samples }, stopping);
            if (samples.Count < options.TelemetryBatch)
                await Task.Delay(options.TelemetryInterval, time, stopping);
        }
    }

    private static bool IsConnectionLoss(Exception e) =>
        e is MqttCommunicationException or MqttProtocolViolationException or ObjectDisposedException or InvalidOperationException
            or TimeoutException or OperationCanceledException;
}
