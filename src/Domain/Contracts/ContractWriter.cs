using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ExecutionManager.Domain;

internal static class ContractWriter
{
    // The relaxed encoder keeps base64 and names as short as they are; nothing here becomes part of HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(Contract contract) => Text(json => Write(json, contract));

    public static string Write(IReadOnlyList<PlannedAction> actions) => Text(json => Write(json, actions));

    public static string Fingerprint(Contract contract)
    {
        var bare = contract with { ContractId = Guid.Empty, Revision = 1, FencingToken = 0, PlannedAtSeq = 0 };
        using var document = JsonDocument.Parse(Write(bare));
        return ContractDocument.Hash(Text(json => WriteSorted(json, document.RootElement)));
    }

    private static string Text(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            write(json);
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, Contract contract)
    {
        json.WriteStartObject();
        json.WriteString("contractId", contract.ContractId);
        json.WriteString("deviceId", contract.DeviceId);
        json.WriteStartObject("task");
        json.WriteString("taskId", contract.Task.TaskId);
        json.WriteString("type", contract.Task.Type);
        json.WriteNumber("priority", contract.Task.Priority);
        Write(json, "parameters", contract.Task.Parameters);
        json.WriteEndObject();
        json.WriteString("frame", contract.Frame);
        json.WritePropertyName("actions");
        Write(json, contract.Actions);
        Write(json, contract.Scope);
        json.WriteStartArray("data");
        foreach (var item in contract.Data)
        {
            json.WriteStartObject();
            json.WriteString("name", item.Name);
            json.WriteString("mediaType", item.MediaType);
            json.WriteString("sha256", item.Sha256);
            if (item.Content is not null)
            {
                json.WriteString("content", item.Content);
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("dataRequests");
        foreach (var request in contract.DataRequests)
        {
            json.WriteStartObject();
            json.WriteString("name", request.Name);
            json.WriteString("source", request.Source);
            Write(json, "query", request.Query);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("tolerance");
        json.WriteString("schedule", IsoDuration.Write(contract.Tolerance.Schedule));
        json.WriteNumber("position", contract.Tolerance.Position);
        json.WriteNumber("minFitness", contract.Tolerance.MinFitness);
        json.WriteEndObject();
        json.WriteNumber("revision", contract.Revision);
        json.WriteNumber("fencingToken", contract.FencingToken);
        json.WriteNumber("plannedAtSeq", contract.PlannedAtSeq);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<PlannedAction> actions)
    {
        json.WriteStartArray();
        foreach (var action in actions)
        {
            json.WriteStartObject();
            json.WriteString("actionId", action.ActionId);
            json.WriteString("actionType", action.ActionType);
            Write(json, "parameters", action.Parameters);
            json.WriteString("retryOf", action.RetryOf);
            json.WriteStartObject("duration");
            json.WriteString("min", IsoDuration.Write(action.Duration.Min));
            json.WriteString("mode", IsoDuration.Write(action.Duration.Mode));
            json.WriteString("max", IsoDuration.Write(action.Duration.Max));
            json.WriteEndObject();
            json.WriteBoolean("idempotent", action.Idempotent);
            Write(json, "path", action.Path);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, Scope scope)
    {
        json.WriteStartObject("scope");
        json.WriteStartArray("actionTypes");
        foreach (var type in scope.ActionTypes)
        {
            json.WriteStringValue(type);
        }
        json.WriteEndArray();
        Write(json, "area", scope.Area);
        Write(json, "notBefore", scope.NotBefore);
        Write(json, "notAfter", scope.NotAfter);
        json.WriteString("offlineAllowance", IsoDuration.Write(scope.OfflineAllowance));
        json.WriteString("stopTime", IsoDuration.Write(scope.StopTime));
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, JsonElement? value)
    {
        if (value is { } present)
        {
            json.WritePropertyName(name);
            present.WriteTo(json);
        }
    }

    private static void Write(Utf8JsonWriter json, string name, DateTimeOffset? at)
    {
        if (at is { } present)
        {
            json.WriteString(name, present.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture));
        }
    }

    private static void WriteSorted(Utf8JsonWriter json, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                json.WriteStartObject();
                foreach (var name in value.EnumerateObject().Select(field => field.Name).Distinct().Order(StringComparer.Ordinal))
                {
                    json.WritePropertyName(name);
                    WriteSorted(json, value.GetProperty(name));
                }
                json.WriteEndObject();
                break;
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    WriteSorted(json, item);
                }
                json.WriteEndArray();
                break;
            case JsonValueKind.Number:
                // 1, 1.0 and 1e0 are the same number.
                json.WriteStringValue(value.TryGetDouble(out var number) && double.IsFinite(number)
                    ? number.ToString("R", CultureInfo.InvariantCulture)
                    : value.GetRawText());
                break;
            default:
                value.WriteTo(json);
                break;
        }
    }
}
