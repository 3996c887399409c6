using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Architecture.Tests;

public sealed class When_a_message_is_about_something
{
    private static readonly Type[] AboutDevices =
        [typeof(DeviceConnected), typeof(DeviceDisconnected), typeof(TelemetryReported), typeof(RejectDeviceMessage)];

    private static readonly Type[] FromDevices =
    [
        typeof(DeviceConnected), typeof(DeviceDisconnected), typeof(ContractAcknowledged), typeof(DesiredAcknowledged),
        typeof(ExecutionReported), typeof(TelemetrySample),
    ];

    private static IEnumerable<Type> AboutContracts => MessageTypes.Messages.Except(AboutDevices);

    [Test]
    public void Should_name_the_contract([ValueSource(nameof(AboutContracts))] Type message) =>
        Assert.That(MessageTypes.Plain(message.GetProperty("ContractId")!.PropertyType), Is.EqualTo(typeof(Guid)));

    [TestCase("DeviceId", typeof(string))]
    [TestCase("ConnectionEpoch", typeof(long))]
    [TestCase("UptimeMs", typeof(long))]
    [TestCase("SentAt", typeof(DateTimeOffset))]
    [TestCase("ReceivedAt", typeof(DateTimeOffset))]
    public void Should_carry_the_clocks_of_the_device_it_comes_from(string property, Type type) =>
        Assert.That(
            FromDevices.Select(from => MessageTypes.Plain(from.GetProperty(property)!.PropertyType)),
            Is.All.EqualTo(type));
}
