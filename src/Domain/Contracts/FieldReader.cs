using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ExecutionManager.Domain;

/// <summary>Reads the fields of one JSON object; what is missing or wrong becomes a fault under its path.</summary>
internal sealed partial class FieldReader(JsonElement json, string path, ErrorList errors)
{
    private static readonly JsonElement Empty = JsonElement.Parse("{}");

    /// <summary>Where a field of this object lies.</summary>
    public string At(string name) => path.Length == 0 ? name : $"{path}.{name}";

    /// <summary>The field; null where it is absent or null.</summary>
    public JsonElement? Find(string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    /// <summary>A text that must be there; empty where it is not.</summary>
    public string Text(string name) => Text(name, Value(name, required: true)) ?? "";

    public string? Text(string name, string? otherwise) => Value(name) is { } value ? Text(name, (JsonElement?)value) : otherwise;

    public int Int(string name, int otherwise) => Value(name) is not { } value ? otherwise
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number
        : Fault(name, "must be a whole number between -2147483648 and 2147483647", otherwise);

    public long Long(string name, long otherwise) => Value(name) is not { } value ? otherwise
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number
        : Fault(name, "must be a whole number", otherwise);

    public double Double(string name, double otherwise) => Value(name) is not { } value ? otherwise
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? number
        : Fault(name, "must be a number", otherwise);

    public bool Bool(string name) => Value(name) is { } value
        && (value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : Fault(name, "must be true or false", false));

    public Guid Id(string name, Guid otherwise) => Value(name) is not { } value ? otherwise
        : value.Text() is { } text && Guid.TryParseExact(text, "D", out var id) && id != Guid.Empty ? id
        : Fault(name, "must be a UUID", otherwise);

    /// <summary>The duration; null where it is absent or wrong.</summary>
    public TimeSpan? Span(string name, bool required = false)
    {
        if (Value(name, required) is not { } value)
        {
            return null;
        }
        var (span, reason) = value.Text() is { } text ? IsoDuration.Read(text) : (null, "must be an ISO 8601 duration such as PT1M30S");
        return reason is null ? span : Fault<TimeSpan?>(name, reason);
    }

    public DateTimeOffset? Instant(string name)
    {
        if (Value(name) is not { } value)
        {
            return null;
        }
        return value.Text() is { } text && Rfc3339().IsMatch(text)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var at)
            ? at
            : Fault<DateTimeOffset?>(name, "must be an instant such as 2026-11-24T09:00:00Z");
    }

    /// <summary>Any object, kept as it came; empty where it is absent or wrong.</summary>
    public JsonElement Object(string name) => Value(name) is not { } value ? Empty
        : value.ValueKind == JsonValueKind.Object ? value.Clone()
        : Fault(name, "must be an object", Empty);

    /// <summary>A JSON object to be judged elsewhere; null where it is absent or wrong.</summary>
    public JsonElement? Geometry(string name) => Value(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? value.Clone()
        : Fault<JsonElement?>(name, "must be a GeoJSON object");

    /// <summary>The fields of an object within.</summary>
    public FieldReader Within(string name, bool required = true) =>
        Value(name, required) is { } value ? Of(value, At(name), errors)
        : required ? Nothing(At(name))
        : new(Empty, At(name), errors);

    /// <summary>The fields of a value that must be an object.</summary>
    public static FieldReader Of(JsonElement value, string path, ErrorList errors)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            return new(value, path, errors);
        }
        errors.AddUnreadable(path, "must be an object");
        return Nothing(path);
    }

    // What is missing as a whole is one fault, not one for each of its fields.
    private static FieldReader Nothing(string path) => new(Empty, path, new ErrorList());

    /// <summary>The items of an array; no more than <paramref name="most"/> are looked at.</summary>
    public IReadOnlyList<T> List<T>(string name, bool required, int most, Func<JsonElement, string, T> read) =>
        Value(name, required) is { } value ? ListOf(value, At(name), most, errors, read) : [];

    /// <summary>The items of a value that must be an array.</summary>
    public static IReadOnlyList<T> ListOf<T>(JsonElement value, string path, int most, ErrorList errors, Func<JsonElement, string, T> read)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            errors.AddUnreadable(path, "must be an array");
            return [];
        }
        if (value.GetArrayLength() > most)
        {
            errors.Add(path, $"must not have more than {most} items");
        }
        return [.. value.EnumerateArray().Take(most).Select((item, at) => read(item, $"{path}[{at}]"))];
    }

    public void Forbid(string name)
    {
        if (json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out _))
        {
            errors.Add(At(name), "is made by the Execution Manager and must not be given");
        }
    }

    private string? Text(string name, JsonElement? value) =>
        value is { } present ? present.Text() ?? Fault<string>(name, "must be a text") : null;

    private JsonElement? Value(string name, bool required = false)
    {
        var value = Find(name);
        if (value is null && required)
        {
            errors.AddUnreadable(At(name), "is required");
        }
        return value;
    }

    private T? Fault<T>(string name, string reason) => Fault<T?>(name, reason, default);

    private T Fault<T>(string name, string reason, T otherwise)
    {
        errors.AddUnreadable(At(name), reason);
        return otherwise;
    }

    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Rfc3339();
}
