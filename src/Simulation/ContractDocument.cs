using System.Security.Cryptography;
using System.Text.Json;
using System.Xml;

namespace ExecutionManager.Simulation;

/// <summary>The contract as the device understands it.</summary>
internal sealed class ContractDocument
{
    private ContractDocument(JsonElement root)
    {
        ContractId = Text(root, "contractId");
        DeviceId = Text(root, "deviceId");
        var task = root.GetProperty("task");
        TaskId = Text(task, "taskId");
        TaskType = Text(task, "type");
        Priority = task.TryGetProperty("priority", out var priority) ? priority.GetInt32() : 0;
        Revision = root.GetProperty("revision").GetInt64();
        FencingToken = root.GetProperty("fencingToken").GetInt64();
        PlannedAtSeq = root.GetProperty("plannedAtSeq").GetInt64();
        Actions = [.. root.GetProperty("actions").EnumerateArray().Select(a => new PlannedAction(a))];
        var scope = root.GetProperty("scope");
        ActionTypes = [.. scope.GetProperty("actionTypes").EnumerateArray().Select(t => t.GetString()!)];
        NotBefore = Instant(scope, "notBefore");
        NotAfter = Instant(scope, "notAfter");
        StopTime = Optional(scope, "stopTime") is { } stop ? XmlConvert.ToTimeSpan(stop.GetString()!) : TimeSpan.FromSeconds(10);
        if (Optional(root, "data") is { } data)
            Data = [.. data.EnumerateArray().Select(d => new ContractData(Text(d, "name"), Text(d, "sha256"), Text(d, "content")))];
    }

    public string ContractId { get; }

    public string DeviceId { get; }

    public string TaskId { get; }

    public string TaskType { get; }

    public int Priority { get; }

    public long Revision { get; }

    public long FencingToken { get; }

    public long PlannedAtSeq { get; }

    public IReadOnlyList<PlannedAction> Actions { get; }

    public IReadOnlyList<string> ActionTypes { get; }

    public DateTimeOffset? NotBefore { get; }

    public DateTimeOffset? NotAfter { get; }

    public TimeSpan StopTime { get; }

    public IReadOnlyList<ContractData> Data { get; } = [];

    /// <summary>Throws what JSON throws on a document that is none.</summary>
    public static ContractDocument Read(JsonElement root)
    {
        try
        {
            return new ContractDocument(root);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new JsonException(e.Message, e);
        }
    }

    private static JsonElement? Optional(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string Text(JsonElement parent, string name) =>
        parent.GetProperty(name).GetString() ?? throw new JsonException($"{name} is null.");

    private static DateTimeOffset? Instant(JsonElement parent, string name) => Optional(parent, name)?.GetDateTimeOffset();

    internal sealed class PlannedAction(JsonElement json)
    {
        public JsonElement Json { get; } = json.Clone();

        public string ActionId { get; } = Text(json, "actionId");

        public string ActionType { get; } = Text(json, "actionType");

        public TimeSpan Min { get; } = XmlConvert.ToTimeSpan(Text(json.GetProperty("duration"), "min"));

        public TimeSpan Max { get; } = XmlConvert.ToTimeSpan(Text(json.GetProperty("duration"), "max"));

        public double[][] Path { get; } = Optional(json, "path") is { } path
            ? [.. path.GetProperty("coordinates").EnumerateArray().Select(p => p.EnumerateArray().Select(c => c.GetDouble()).ToArray())]
            : [];

        /// <summary>The point at a fraction of the path's length, in the units of its frame.</summary>
        public double[]? PositionAt(double fraction)
        {
            if (Path.Length == 0)
                return null;
            var lengths = Path.Zip(Path.Skip(1), (a, b) => Math.Sqrt(Math.Pow(b[0] - a[0], 2) + Math.Pow(b[1] - a[1], 2))).ToArray();
            var left = lengths.Sum() * Math.Clamp(fraction, 0, 1);
            for (var i = 0; i < lengths.Length; i++)
            {
                if (left <= lengths[i] && lengths[i] > 0)
                {
                    var part = left / lengths[i];
                    return [Path[i][0] + (Path[i + 1][0] - Path[i][0]) * part, Path[i][1] + (Path[i + 1][1] - Path[i][1]) * part];
                }
                left -= lengths[i];
            }
            return [Path[^1][0], Path[^1][1]];
        }
    }

    internal sealed record ContractData(string Name, string Sha256, string Content)
    {
        public bool IsIntact
        {
            get
            {
                var bytes = new byte[Content.Length];
                return Convert.TryFromBase64String(Content, bytes, out var count)
                    && Convert.ToHexString(SHA256.HashData(bytes.AsSpan(0, count))).Equals(Sha256, StringComparison.OrdinalIgnoreCase);
            }
        }
    }
}
