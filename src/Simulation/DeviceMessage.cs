using System.Text;

namespace ExecutionManager.Simulation;

/// <summary>What a device publishes, or its broker in its name.</summary>
public sealed record DeviceMessage(string Topic, byte[] Payload, bool Retain, int Qos)
{
    public string Text => Encoding.UTF8.GetString(Payload);

    public override string ToString() => $"{Topic} {Text}";
}
