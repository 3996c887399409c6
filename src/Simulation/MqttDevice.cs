using System.Buffers;
using System.Threading.Channels;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace ExecutionManager.Simulation;

/// <summary>
/// Runs a <see cref="SimulatedDevice"/> over a real MQTT connection: clean sessions, the last will of each epoch,
/// reconnects with back-off. One loop owns the device; whatever happens elsewhere comes in by its inbox.
/// </summary>
public sealed class MqttDevice
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly MqttDeviceOptions _options;
    private readonly TimeProvider _time;
    private readonly SimulatedDevice _device;
    private readonly Lock _gate = new();
    private readonly Channel<Func<Task>> _inbox = Channel.CreateUnbounded<Func<Task>>(new UnboundedChannelOptions { SingleReader = true });
    private IMqttClient? _client;
    private DateTimeOffset _connectAt;
    private TimeSpan _backOff;
    private bool _away;

    public MqttDevice(DeviceProfile profile, MqttDeviceOptions options, TimeProvider time)
    {
        (_options, _time, _backOff) = (options, time, options.BackOffFirst);
        _connectAt = time.GetUtcNow();
        _device = options.StateFile is { } file && File.Exists(file)
            ? SimulatedDevice.Load(profile, File.ReadAllText(file), _connectAt)
            : new SimulatedDevice(profile, _connectAt);
    }

    public string DeviceId => _device.DeviceId;

    /// <summary>Why the last attempt to connect failed; null while there is none.</summary>
    public string? LastError { get; private set; }

    /// <summary>Looks at the device between two of its steps.</summary>
    public T Read<T>(Func<SimulatedDevice, T> view)
    {
        lock (_gate)
            return view(_device);
    }

    /// <summary>Until cancelled; then it says goodbye and disconnects.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (!cancellation.IsCancellationRequested)
            {
                await Connect(cancellation);
                await Step(now => _device.Advance(now));
                await WaitForWork(cancellation);
                while (_inbox.Reader.TryRead(out var work))
                    await work();
            }
        }
        finally
        {
            if (_client is { } client)
            {
                await Step(now => _device.Disconnect(now, clean: true));
                await LeaveBroker(client);
            }
        }
    }

    /// <summary>Drops the socket without a word and stays away until <see cref="Return"/>; done when it is dropped.</summary>
    public Task CutAsync()
    {
        var cut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _inbox.Writer.TryWrite(() =>
        {
            _away = true;
            Lose(_client);
            cut.SetResult();
            return Task.CompletedTask;
        });
        return cut.Task;
    }

    public void Return() => _inbox.Writer.TryWrite(() =>
    {
        (_away, _connectAt) = (false, _time.GetUtcNow());
        return Task.CompletedTask;
    });

    private async Task Connect(CancellationToken cancellation)
    {
        if (_client is { } old && _device.WantsReconnect)
        {
            Lose(null);
            await LeaveBroker(old);
            _client = null;
        }
        if (_client is not null || _away || _connectAt > _time.GetUtcNow())
            return;

        DeviceMessage will;
        lock (_gate)
            will = _device.PrepareConnect();
        Persist();
        var client = new MqttClientFactory().CreateMqttClient();
        client.ApplicationMessageReceivedAsync += received =>
        {
            var (topic, payload) = (received.ApplicationMessage.Topic, received.ApplicationMessage.Payload.ToArray());
            _inbox.Writer.TryWrite(() => _client == client ? Step(now => _device.Receive(topic, payload, now)) : Task.CompletedTask);
            return Task.CompletedTask;
        };
        client.DisconnectedAsync += _ =>
        {
            _inbox.Writer.TryWrite(() =>
            {
                if (_client == client)
                    Lose(client);
                return Task.CompletedTask;
            });
            return Task.CompletedTask;
        };
        try
        {
            var connected = await client.ConnectAsync(Options(will), cancellation);
            if (connected.ResultCode != MqttClientConnectResultCode.Success)
                throw new MqttCommunicationException($"{connected.ResultCode} {connected.ReasonString}");
            var subscribed = await client.SubscribeAsync(Subscriptions(), cancellation);
            if (subscribed.Items.FirstOrDefault(i => i.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2) is { } refused)
                throw new MqttCommunicationException($"{refused.TopicFilter.Topic}: {refused.ResultCode}");
            (_client, _backOff, LastError) = (client, _options.BackOffFirst, null);
        }
        catch (Exception e) when (e is MqttCommunicationException or MqttProtocolViolationException or TimeoutException
            || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            client.Dispose();
            LastError = e.Message;
            _connectAt = _time.GetUtcNow() + _backOff;
            _backOff = _backOff * 2 < _options.BackOffLongest ? _backOff * 2 : _options.BackOffLongest;
            return;
        }
        await Step(now => _device.Connect(now));
    }

    private MqttClientOptions Options(DeviceMessage will)
    {
        var builder = new MqttClientOptionsBuilder()
            .WithTcpServer(_options.Host, _options.Port)
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithClientId(DeviceId)
            .WithCleanStart()
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(15))
            .WithTimeout(Patience)
            .WithWillTopic(will.Topic)
            .WithWillPayload(will.Payload)
            .WithWillRetain(will.Retain)
            .WithWillQualityOfServiceLevel((MqttQualityOfServiceLevel)will.Qos);
        if (_options.Password is { } password)
            builder.WithCredentials(DeviceId, password);
        return builder.Build();
    }

    private MqttClientSubscribeOptions Subscriptions()
    {
        var builder = new MqttClientSubscribeOptionsBuilder();
        foreach (var topic in (string[])["contract", "desired", "report", "journal/ack", "rejected"])
            builder.WithTopicFilter($"em/v1/{DeviceId}/{topic}", MqttQualityOfServiceLevel.AtLeastOnce);
        return builder.Build();
    }

    private async Task Step(Func<DateTimeOffset, IReadOnlyList<DeviceMessage>> step)
    {
        IReadOnlyList<DeviceMessage> messages;
        lock (_gate)
            messages = step(_time.GetUtcNow());
        Persist();
        if (_client is not { } client)
            return;
        try
        {
            foreach (var message in messages)
            {
                await client.PublishAsync(new MqttApplicationMessageBuilder()
                    .WithTopic(message.Topic)
                    .WithPayload(message.Payload)
                    .WithRetainFlag(message.Retain)
                    .WithQualityOfServiceLevel((MqttQualityOfServiceLevel)message.Qos)
                    .Build());
            }
        }
        catch (Exception e) when (e is MqttCommunicationException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // What was not sent is in the journal and goes out with the next birth.
            LastError = e.Message;
            Lose(client);
        }
    }

    private void Lose(IMqttClient? client)
    {
        client?.Dispose();
        if (client is not null && _client == client)
            (_client, _connectAt) = (null, _time.GetUtcNow() + _backOff);
        lock (_gate)
            _device.Disconnect(_time.GetUtcNow(), clean: false);
        Persist();
    }

    private static async Task LeaveBroker(IMqttClient client)
    {
        try
        {
            await client.DisconnectAsync();
        }
        catch (Exception e) when (e is MqttCommunicationException or OperationCanceledException or ObjectDisposedException)
        {
            // It is gone already, which is what was wanted.
        }
        client.Dispose();
    }

    private async Task WaitForWork(CancellationToken cancellation)
    {
        var now = _time.GetUtcNow();
        var next = Read(d => d.NextAt) ?? now + TimeSpan.FromMinutes(1);
        if (_client is null && !_away && _connectAt < next)
            next = _connectAt;
        if (next <= now)
            return;
        using var due = new CancellationTokenSource(next - now, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, due.Token);
        try
        {
            await _inbox.Reader.WaitToReadAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            // Something of the device's own is due, or the caller has enough: the loop looks.
        }
    }

    private void Persist()
    {
        if (_options.StateFile is not { } file)
            return;
        string state;
        lock (_gate)
            state = _device.Save();
        File.WriteAllText(file + ".new", state);
        File.Move(file + ".new", file, overwrite: true);
    }
}
