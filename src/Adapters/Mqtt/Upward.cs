using System.Buffers;
using System.Text.Json;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Adapters;

/// <summary>From the topics of devices to the messages of the bus. Never throws, whatever comes.</summary>
public static class Upward
{
    /// <summary>Default limit of a device's message, in bytes.</summary>
    public const int LargestPayload = 256 * 1024;

    private const int LongestId = 64;
    private const int LongestDetail = 500;
    private const int MostEntries = 100;
    private const int MostContracts = 1000;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public static DeviceReading Read(string topic, byte[] payload, bool retained, DateTimeOffset receivedAt) =>
        Read(topic, new ReadOnlySequence<byte>(payload), retained, receivedAt);

    /// <param name="retained">The broker kept it from before the subscription: no sign of life.</param>
    public static DeviceReading Read(
        string topic, ReadOnlySequence<byte> payload, bool retained, DateTimeOffset receivedAt, int largest = LargestPayload)
    {
        if (!DeviceTopics.TryRead(topic, out var deviceId, out var name))
            return DeviceReading.Reject(null, topic, deviceId.Length == 0 ? "unknownTopic" : "invalidDeviceId", "No device has this topic.");
        DeviceReading Reject(string reason, string detail) => DeviceReading.Reject(deviceId, topic, reason, detail.Length <= LongestDetail ? detail : $"{detail[..LongestDetail]}…");
        if (payload.Length > largest)
            return Reject("tooLarge", $"{payload.Length} bytes; at most {largest} are read.");
        if (retained && name != DeviceTopics.Connection)
            return Reject("retained", "Only connection is retained.");
        Func<Body, Device, object>? read = name switch
        {
            DeviceTopics.Connection => Connection,
            DeviceTopics.ContractAck => ContractAck,
            DeviceTopics.DesiredAck => DesiredAck,
            DeviceTopics.Journal => Journal,
            DeviceTopics.Telemetry => Telemetry,
            _ => null,
        };
        if (read is null)
            return Reject("unknownTopic", "A device does not publish here.");
        try
        {
            using var json = JsonDocument.Parse(payload, Strict);
            if (Flaw(json.RootElement) is { } flaw)
                return Reject("malformed", $"{(flaw[0] == ' ' ? "The body" : "")}{flaw.TrimStart('.')}.");
            var body = new Body(json.RootElement);
            return body.TextOrNull("deviceId", LongestId) is { } claimed && claimed != deviceId
                ? Reject("notYourTopic", $"The topic is that of {deviceId}, the body that of another device.")
                : DeviceReading.Read(deviceId, read(body, new Device(body, deviceId, receivedAt, retained)));
        }
        catch (BodyFault fault)
        {
            return Reject("malformed", fault.Message);
        }
        catch (JsonException fault)
        {
            return Reject("malformed", $"The body is not JSON in UTF-8 with each name once: {fault.Message.TrimEnd('.')}.");
        }
        catch (InvalidOperationException)
        {
            // How the reader reports text that is no Unicode.
            return Reject("malformed", "The body is not JSON in UTF-8.");
        }
    }

    private static object Connection(Body body, Device device)
    {
        switch (body.Text("state", LongestId))
        {
            case "online":
                return new DeviceConnected
                {
                    DeviceId = device.Id,
                    ConnectionEpoch = device.Epoch,
                    UptimeMs = device.UptimeMs,
                    SentAt = device.SentAt,
                    ReceivedAt = device.ReceivedAt,
                    ReportInterval = body.Duration("reportInterval", TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1)),
                    Capabilities = Capabilities(body.Object("capabilities")),
                    Contracts = body.List("contracts", MostContracts, Listing),
                    Retained = device.Retained,
                };
            case "offline":
                return new DeviceDisconnected
                {
                    DeviceId = device.Id,
                    ConnectionEpoch = device.Epoch,
                    UptimeMs = device.UptimeMs,
                    SentAt = device.SentAt,
                    ReceivedAt = device.ReceivedAt,
                    Reason = DisconnectReason.Clean,
                };
            case "connectionBroken":
                return new DeviceDisconnected
                {
                    DeviceId = device.Id,
                    ConnectionEpoch = device.Epoch,
                    ReceivedAt = device.ReceivedAt,
                    Reason = DisconnectReason.Lost,
                };
            default:
                throw new BodyFault("state must be online, offline or connectionBroken.");
        }
    }

    private static DeviceCapabilities Capabilities(Body body) => new()
    {
        Evidence = body.Word<EvidenceKind>("evidence"),
        Lease = body.Word<LeaseKind>("lease"),
    };

    private static ContractListing Listing(Body body) => new()
    {
        ContractId = body.Id("contractId"),
        Revision = (int)body.Integer("revision", 0, int.MaxValue),
        Status = body.Word<ExecutionStatus>("status"),
        IntentVersion = body.Integer("intentVersion", 0),
        Tail = body.Integer("tail", 0),
        AckedThrough = body.Integer("ackedThrough", 0),
    };

    private static ContractAcknowledged ContractAck(Body body, Device device) => new()
    {
        ContractId = body.Id("contractId"),
        DeviceId = device.Id,
        ConnectionEpoch = device.Epoch,
        UptimeMs = device.UptimeMs,
        SentAt = device.SentAt,
        ReceivedAt = device.ReceivedAt,
        Revision = (int)body.Integer("revision", 0, int.MaxValue),
        ContentHash = body.Text("contentHash", 128),
        Accepted = body.Flag("accepted"),
        ReasonCode = body.TextOrNull("reasonCode", LongestId),
        Detail = body.DetailOrNull("detail"),
    };

    private static DesiredAcknowledged DesiredAck(Body body, Device device) => new()
    {
        ContractId = body.Id("contractId"),
        DeviceId = device.Id,
        ConnectionEpoch = device.Epoch,
        UptimeMs = device.UptimeMs,
        SentAt = device.SentAt,
        ReceivedAt = device.ReceivedAt,
        IntentVersion = body.Integer("intentVersion", 0),
        Result = body.Word<DesiredResult>("result"),
        Detail = body.DetailOrNull("detail"),
    };

    private static ExecutionReported Journal(Body body, Device device) => new()
    {
        ContractId = body.Id("contractId"),
        DeviceId = device.Id,
        ConnectionEpoch = device.Epoch,
        UptimeMs = device.UptimeMs,
        SentAt = device.SentAt,
        ReceivedAt = device.ReceivedAt,
        Entries = body.List("entries", MostEntries, Entry),
        Tail = body.Integer("tail", 0),
        Snapshot = body.ObjectOrNull("snapshot") is { } snapshot ? Snapshot(snapshot) : null,
        ReportId = body.IdOrNull("reportId"),
    };

    private static JournalEntry Entry(Body body) => new()
    {
        Seq = body.Integer("seq", 1),
        Revision = (int)body.Integer("revision", 0, int.MaxValue),
        At = body.Instant("at"),
        Type = body.Text("type", LongestId),
        ActionId = body.TextOrNull("actionId", 128),
        Data = body.AnyOrNull("data"),
    };

    private static DeviceSnapshot Snapshot(Body body)
    {
        var status = body.Word<ExecutionStatus>("status");
        // Of a contract it does not know a device can say no more.
        var isKnown = status != ExecutionStatus.Unknown;
        return new DeviceSnapshot
        {
            At = body.Instant("at"),
            Status = status,
            Revision = isKnown || body.Has("revision") ? (int)body.Integer("revision", 0, int.MaxValue) : 0,
            IntentVersion = isKnown || body.Has("intentVersion") ? body.Integer("intentVersion", 0) : 0,
            Actions = isKnown || body.Has("actions") ? body.Map("actions", 128, Action) : new Dictionary<string, SnapshotAction>(),
            Position = body.PositionOrNull("position"),
        };
    }

    private static SnapshotAction Action(Body body) => new()
    {
        Status = body.Word<ActionStatus>("status"),
        Progress = body.FractionOrNull("progress"),
    };

    private static TelemetryReported Telemetry(Body body, Device device) => new()
    {
        Samples =
        [
            new TelemetrySample
            {
                ContractId = body.IdOrNull("contractId"),
                DeviceId = device.Id,
                ConnectionEpoch = device.Epoch,
                UptimeMs = device.UptimeMs,
                At = body.Instant("at"),
                SentAt = device.SentAt,
                ReceivedAt = device.ReceivedAt,
                ActionId = body.TextOrNull("actionId", 128),
                Progress = body.FractionOrNull("progress"),
                Position = body.PositionOrNull("position"),
                Battery = body.FractionOrNull("battery"),
                Values = body.AnyOrNull("values"),
            },
        ],
    };

    /// <summary>Every text must be Unicode without NUL, which databases do not store, and every number finite; else where it is not.</summary>
    private static string? Flaw(JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in json.EnumerateObject())
                {
                    if (property.Name.Contains('\0'))
                        return " has a name that contains U+0000";
                    if (Flaw(property.Value) is { } within)
                        return $".{property.Name}{within}";
                }
                return null;
            case JsonValueKind.Array:
                var at = 0;
                foreach (var item in json.EnumerateArray())
                {
                    if (Flaw(item) is { } within)
                        return $"[{at}]{within}";
                    at++;
                }
                return null;
            case JsonValueKind.String:
                return json.GetString()!.Contains('\0') ? " contains U+0000" : null;
            case JsonValueKind.Number:
                return double.IsFinite(json.GetDouble()) ? null : " is too large";
            default:
                return null;
        }
    }

    /// <summary>What every body says about its device; times are read when asked, since a will has none.</summary>
    private readonly struct Device(Body body, string id, DateTimeOffset receivedAt, bool retained)
    {
        public string Id => id;

        public long Epoch => body.Integer("connectionEpoch", 1);

        public long UptimeMs => body.Integer("uptimeMs", 0, 10_000_000_000_000);

        public DateTimeOffset SentAt => body.Instant("sentAt");

        public DateTimeOffset ReceivedAt => receivedAt;

        public bool Retained => retained;
    }
}
