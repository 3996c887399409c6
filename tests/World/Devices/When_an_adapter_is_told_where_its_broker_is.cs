using ExecutionManager.Adapters;

namespace ExecutionManager.World.Tests;

public class When_an_adapter_is_told_where_its_broker_is
{
    [TestCase("mqtt://broker", "broker", 1883, false, null, null)]
    [TestCase("mqtts://broker", "broker", 8883, true, null, null)]
    [TestCase("mqtt://em:p%40ss@10.0.0.1:1999", "10.0.0.1", 1999, false, "em", "p@ss")]
    public void Should_read_it(string connection, string host, int port, bool tls, string? user, string? password)
    {
        var options = MqttAdapterOptions.Parse(connection)!;
        Assert.That((options.Host, options.Port, options.UseTls, options.UserName, options.Password), Is.EqualTo((host, port, tls, user, password)));
    }

    [TestCase("broker:1883")]
    [TestCase("http://broker")]
    [TestCase("")]
    public void Should_say_so_when_it_cannot(string connection) => Assert.That(MqttAdapterOptions.Parse(connection), Is.Null);
}
