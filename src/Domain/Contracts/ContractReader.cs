using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ExecutionManager.Domain;

internal static class ContractReader
{
    // A document travels inside messages whose readers stop at a depth of 64.
    private const int MaxDepth = 32;

    public static ContractReading Read(JsonElement body, Guid fallbackId, DateTimeOffset now)
    {
        var errors = new ErrorList();
        if (body.ValueKind != JsonValueKind.Object)
        {
            errors.Add("$", "must be an object");
        }
        else
        {
            CheckText(body, "$", 1, errors);
        }
        if (errors.Any)
        {
            return new(null, errors.ToDictionary(), null, false);
        }
        var root = new FieldReader(body, "", errors);
        root.Forbid("revision");
        root.Forbid("fencingToken");
        root.Forbid("plannedAtSeq");
        return Judge(Contract(root, fallbackId, errors, stored: false), now, errors);
    }

    public static ContractReading ReadPlan(
        Contract current, JsonElement actions, JsonElement? scope, int revision, long plannedAtSeq, DateTimeOffset now)
    {
        var errors = new ErrorList();
        var given = scope is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } present ? present : (JsonElement?)null;
        CheckText(actions, "actions", 2, errors);
        if (given is { } text)
        {
            CheckText(text, "scope", 2, errors);
        }
        if (errors.Any)
        {
            return new(null, errors.ToDictionary(), null, false);
        }
        var revised = Plans.Revise(
            current,
            FieldReader.ListOf(actions, "actions", ContractRules.MaxActions, errors, (item, path) => Action(item, path, errors)),
            given is { } json ? Scope(FieldReader.Of(json, "scope", errors), errors) : null,
            revision,
            plannedAtSeq);
        return Judge(revised, now, errors);
    }

    public static Contract Parse(string json)
    {
        var errors = new ErrorList();
        using var document = Document(json);
        var root = FieldReader.Of(document.RootElement, "", errors);
        var contract = Contract(root, Guid.Empty, errors, stored: true) with
        {
            Revision = root.Int("revision", 1),
            FencingToken = root.Long("fencingToken", 0),
            PlannedAtSeq = root.Long("plannedAtSeq", 0),
        };
        return !errors.Any
            ? contract
            : throw new FormatException("A stored contract is faulty: "
                + string.Join("; ", errors.ToDictionary().Select(fault => $"{fault.Key} {fault.Value[0]}")));
    }

    private static JsonDocument Document(string json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException fault)
        {
            throw new FormatException("A stored contract is no JSON", fault);
        }
    }

    private static ContractReading Judge(Contract contract, DateTimeOffset now, ErrorList errors)
    {
        var written = errors.Any ? null : ContractDocument.Write(contract);
        var tooLarge = written is not null && Encoding.UTF8.GetByteCount(written) > ContractDocument.MaxBytes;
        ContractRules.Check(contract, now, errors);
        if (tooLarge)
        {
            errors.Add("$", $"is larger than {ContractDocument.MaxBytes} bytes");
        }
        return new(errors.Any ? null : contract, errors.ToDictionary(), written is null ? null : contract, tooLarge);
    }

    private static Contract Contract(FieldReader root, Guid fallbackId, ErrorList errors, bool stored)
    {
        var task = root.Within("task");
        var tolerance = root.Within("tolerance", required: false);
        return new(
            root.Id("contractId", fallbackId),
            root.Text("deviceId"),
            new(task.Text("taskId"), task.Text("type"), task.Int("priority", 0), task.Object("parameters")),
            root.Text("frame", Frames.Wgs84) ?? "",
            root.List("actions", true, ContractRules.MaxActions, (item, path) => Action(item, path, errors)),
            Scope(root.Within("scope"), errors),
            root.List("data", false, ContractRules.MaxData, (item, path) => Data(FieldReader.Of(item, path, errors), stored)),
            root.List("dataRequests", false, ContractRules.MaxData, (item, path) => Request(FieldReader.Of(item, path, errors))),
            new(tolerance.Span("schedule") ?? Tolerance.Default.Schedule,
                tolerance.Double("position", Tolerance.Default.Position),
                tolerance.Double("minFitness", Tolerance.Default.MinFitness)),
            Revision: 1,
            FencingToken: 0,
            PlannedAtSeq: 0);
    }

    private static PlannedAction Action(JsonElement item, string path, ErrorList errors)
    {
        var action = FieldReader.Of(item, path, errors);
        var duration = action.Within("duration");
        return new(
            action.Text("actionId"),
            action.Text("actionType"),
            action.Object("parameters"),
            action.Text("retryOf", null),
            Duration(duration.Span("min", required: true), duration.Span("mode", required: true), duration.Span("max", required: true)),
            action.Bool("idempotent"),
            action.Geometry("path"));
    }

    /// <summary>What is missing is filled in so that the rest can still be compared.</summary>
    private static ActionDuration Duration(TimeSpan? min, TimeSpan? mode, TimeSpan? max)
    {
        var some = min ?? mode ?? max ?? TimeSpan.FromSeconds(1);
        return new(min ?? mode ?? some, mode ?? some, max ?? mode ?? some);
    }

    private static Scope Scope(FieldReader scope, ErrorList errors) => new(
        scope.List("actionTypes", true, ContractRules.MaxActions, (item, path) => Word(item, path, errors)),
        scope.Geometry("area"),
        scope.Instant("notBefore"),
        scope.Instant("notAfter"),
        scope.Span("offlineAllowance", required: true) ?? TimeSpan.FromSeconds(1),
        scope.Span("stopTime") ?? TimeSpan.FromSeconds(10));

    private static string Word(JsonElement item, string path, ErrorList errors)
    {
        if (item.Text() is { } text)
        {
            return text;
        }
        errors.AddUnreadable(path, "must be a text");
        return "";
    }

    private static DataItem Data(FieldReader item, bool stored)
    {
        var content = stored ? item.Text("content", null) : item.Text("content");
        var computed = content is not null && ContractData.Decode(content) is { } bytes
            ? Convert.ToHexStringLower(SHA256.HashData(bytes))
            : ContractRules.NoHash;
        return new(
            item.Text("name"),
            item.Text("mediaType", "application/octet-stream") ?? "",
            (item.Text("sha256", computed) ?? computed).ToLowerInvariant(),
            content);
    }

    private static DataRequest Request(FieldReader request) =>
        new(request.Text("name"), request.Text("source", "equator") ?? "", request.Object("query"));

    /// <summary>Finds what cannot be written again or kept in every database: texts with half a character or U+0000, and too many levels.</summary>
    private static void CheckText(JsonElement value, string path, int depth, ErrorList errors)
    {
        if (depth > MaxDepth)
        {
            errors.Add(path, $"must not be nested more than {MaxDepth} levels deep");
            return;
        }
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var field in value.EnumerateObject())
                {
                    if (Name(field) is { } name && !name.Contains('\0'))
                    {
                        CheckText(field.Value, path == "$" ? name : $"{path}.{name}", depth + 1, errors);
                    }
                    else
                    {
                        errors.Add(path, "has a field whose name is no Unicode text, or contains U+0000");
                    }
                }
                break;
            case JsonValueKind.Array:
                var at = 0;
                foreach (var item in value.EnumerateArray())
                {
                    CheckText(item, $"{path}[{at++}]", depth + 1, errors);
                }
                break;
            case JsonValueKind.String when value.Text() is null:
                errors.Add(path, "is no Unicode text");
                break;
            case JsonValueKind.String when value.GetString()!.Contains('\0'):
                errors.Add(path, "must not contain U+0000");
                break;
            default:
                break;
        }
    }

    private static string? Name(JsonProperty field)
    {
        try
        {
            return field.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
