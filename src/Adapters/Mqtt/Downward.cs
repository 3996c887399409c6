using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Adapters;

/// <summary>From the commands of the bus to the topics of devices.</summary>
public static class Downward
{
    public static DownwardMessage Write(PushContract command) =>
        Write(command, command.DeviceId, DeviceTopics.Contract, "contractId");

    public static DownwardMessage Write(SetDesired command) => Write(command, command.DeviceId, DeviceTopics.Desired);

    public static DownwardMessage Write(RequestReport command) => Write(command, command.DeviceId, DeviceTopics.Report);

    public static DownwardMessage Write(AcknowledgeJournal command) => Write(command, command.DeviceId, DeviceTopics.JournalAck);

    /// <summary>A part of the service that knows nothing of MQTT names the topic below the device's own.</summary>
    public static DownwardMessage Write(RejectDeviceMessage command) =>
        Write(command with { Topic = DeviceTopics.Whole(command.DeviceId, command.Topic) }, command.DeviceId, DeviceTopics.Rejected);

    /// <summary>Any of the five, for who has it as an object.</summary>
    public static DownwardMessage Write(object command) => command switch
    {
        PushContract push => Write(push),
        SetDesired desired => Write(desired),
        RequestReport report => Write(report),
        AcknowledgeJournal acknowledge => Write(acknowledge),
        RejectDeviceMessage reject => Write(reject),
        _ => throw new ArgumentException($"{command.GetType()} is no command to a device.", nameof(command)),
    };

    /// <summary>The body is the command without what the topic, or the body's own contract, says already.</summary>
    private static DownwardMessage Write<T>(T command, string deviceId, string name, string? saidElsewhere = null)
    {
        var body = JsonSerializer.SerializeToNode(command, WireJson.Options)!.AsObject();
        body.Remove("deviceId");
        if (saidElsewhere is not null)
            body.Remove(saidElsewhere);
        return new DownwardMessage(deviceId, DeviceTopics.Of(deviceId, name), JsonSerializer.SerializeToUtf8Bytes<JsonNode>(body, WireJson.Options));
    }
}
