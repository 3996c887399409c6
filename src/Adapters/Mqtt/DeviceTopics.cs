using System.Text.RegularExpressions;

namespace ExecutionManager.Adapters;

/// <summary>The topics of <c>em/v1</c>.</summary>
public static partial class DeviceTopics
{
    public const string Connection = "connection";
    public const string ContractAck = "contract/ack";
    public const string DesiredAck = "desired/ack";
    public const string Journal = "journal";
    public const string Telemetry = "telemetry";

    public const string Contract = "contract";
    public const string Desired = "desired";
    public const string Report = "report";
    public const string JournalAck = "journal/ack";
    public const string Rejected = "rejected";

    private const string Root = "em/v1/";

    /// <summary>What an adapter subscribes to: everything that devices publish, and nothing it publishes itself.</summary>
    public static IReadOnlyList<string> Upward { get; } =
        [.. new[] { Connection, ContractAck, DesiredAck, Journal, Telemetry }.Select(name => $"{Root}+/{name}")];

    public static string Of(string deviceId, string name) => $"{Root}{deviceId}/{name}";

    /// <summary>The whole topic, whether given whole or as the name below the device.</summary>
    public static string Whole(string deviceId, string topicOrName) =>
        topicOrName.StartsWith(Root, StringComparison.Ordinal) ? topicOrName : Of(deviceId, topicOrName);

    /// <summary>The name below the device.</summary>
    public static string Name(string topic) => TryRead(topic, out _, out var name) ? name : topic;

    /// <summary>The device and the name below it; false for a topic that is not one of a device.</summary>
    public static bool TryRead(string topic, out string deviceId, out string name)
    {
        (deviceId, name) = ("", "");
        if (!topic.StartsWith(Root, StringComparison.Ordinal))
            return false;
        var end = topic.IndexOf('/', Root.Length);
        if (end < 0)
            return false;
        (deviceId, name) = (topic[Root.Length..end], topic[(end + 1)..]);
        return DeviceId().IsMatch(deviceId);
    }

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,64}\z")]
    private static partial Regex DeviceId();
}
