using ExecutionManager.Adapters;
using ExecutionManager.Contracts.Messages;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ExecutionManager.World.Tests;

public class When_a_command_finds_no_broker
{
    private static readonly DownwardMessage Message = Downward.Write(
        new AcknowledgeJournal { ContractId = Guid.Empty, DeviceId = "agv-17", ThroughSeq = 1, Closed = false });

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 24, 9, 0, 0, TimeSpan.Zero));

    [Test]
    public async Task Should_wait_and_send_it_once_there_is_one()
    {
        var broker = new Broker(DevicePublication.Unavailable, DevicePublication.Unavailable, DevicePublication.Published);
        await Carry(broker);
        Assert.That(broker.Tries, Is.EqualTo(3));
    }

    [Test]
    public async Task Should_drop_it_when_it_is_too_old()
    {
        var broker = new Broker(DevicePublication.Unavailable);
        await Carry(broker);
        Assert.That(_time.GetUtcNow().TimeOfDay, Is.InRange(new TimeSpan(9, 0, 30), new TimeSpan(9, 0, 31)));
    }

    [Test]
    public async Task Should_drop_a_refused_one_at_once()
    {
        var broker = new Broker(DevicePublication.Refused);
        await Carry(broker);
        Assert.That(broker.Tries, Is.EqualTo(1));
    }

    [Test]
    public async Task Should_not_send_what_was_too_old_when_it_came()
    {
        var broker = new Broker(DevicePublication.Published);
        await Carry(broker, age: TimeSpan.FromSeconds(31));
        Assert.That(broker.Tries, Is.Zero);
    }

    private async Task Carry(Broker broker, TimeSpan age = default)
    {
        var consumer = new AdapterCommandConsumer(broker, new MqttAdapterOptions(), _time, NullLogger<AdapterCommandConsumer>.Instance);
        var carried = consumer.Carry(Message, (_time.GetUtcNow() - age).UtcDateTime, CancellationToken.None);
        while (!carried.IsCompleted)
            _time.Advance(TimeSpan.FromMilliseconds(100));
        await carried;
    }

    /// <summary>Answers in turn, the last answer for ever.</summary>
    private sealed class Broker(params DevicePublication[] answers) : IDevicePublisher
    {
        public int Tries { get; private set; }

        public Task<DevicePublication> PublishAsync(DownwardMessage message, CancellationToken cancellation) =>
            Task.FromResult(answers[Math.Min(Tries++, answers.Length - 1)]);
    }
}
