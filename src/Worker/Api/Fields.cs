using System.Globalization;
using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Sagas;

namespace ExecutionManager.Worker;

/// <summary>Reads the fields of a small body or of a query, and gathers every fault.</summary>
/// <param name="body">The object to read from.</param>
/// <param name="within">The object around it, and the name of this one there.</param>
internal sealed class Fields(JsonElement body = default, (Fields Parent, string Name)? within = null)
{
    private readonly Dictionary<string, string[]> errors = within?.Parent.errors ?? [];
    private readonly string prefix = within is { } outer ? $"{outer.Parent.prefix}{outer.Name}." : "";

    public Problem? Problem => errors.Count > 0 ? Problem.Validation(errors) : null;

    public void Add(string field, string reason) => errors.TryAdd(prefix + field, [reason]);

    public string? Text(string name, bool required, int longest = 1000)
    {
        if (Value(name) is not { } value)
        {
            return required ? Fault<string>(name, "is required") : null;
        }

        return TextOf(value) is not { } text ? Fault<string>(name, "must be a text")
            : string.IsNullOrWhiteSpace(text) ? Fault<string>(name, "must not be empty")
            : Within(name, text, longest);
    }

    public DateTimeOffset? Instant(string name) =>
        Value(name) is { } value ? Instant(name, TextOf(value) ?? "") : null;

    public DateTimeOffset? Instant(string name, string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return text is null ? null : Fault<DateTimeOffset?>(name, "must be an instant such as 2026-11-24T09:00:00Z");
        }

        try
        {
            return InstantConverter.Parse(text);
        }
        catch (JsonException)
        {
            return Fault<DateTimeOffset?>(name, "must be an instant in UTC such as 2026-11-24T09:00:00Z");
        }
    }

    /// <summary>Why nothing is estimated for an instant before the evidence; null if it is not.</summary>
    public IResult? NotBefore(DateTimeOffset? evidence, string name, DateTimeOffset? at)
    {
        if (at < evidence)
        {
            Add(name, $"must not lie before {InstantConverter.Format(evidence.Value)}, the evidence that the estimate starts from");
        }

        return Problem;
    }

    /// <summary>A required id.</summary>
    public Guid? Id(string name) =>
        Text(name, required: true) is not { } text ? null : Guid.TryParse(text, out var id) ? id : Fault<Guid?>(name, "must be a UUID");

    public bool? Flag(string name) => Value(name)?.ValueKind switch
    {
        null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => Fault<bool?>(name, "must be true or false"),
    };

    public int? Version(string name) => Value(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var version) && version >= 0 ? version
        : Fault<int?>(name, "must be a whole number, 0 or more");

    /// <summary>An object within this one; its faults are told with these.</summary>
    public Fields? Part(string name) => Value(name) is { } value ? new Fields(value, (this, name)) : null;

    /// <summary>The objects by name within an object that must be there.</summary>
    public IEnumerable<(string Name, Fields Fields)> Parts(string name)
    {
        if (Value(name) is not { ValueKind: JsonValueKind.Object } value)
        {
            Add(name, "must be an object");
            return [];
        }

        var part = new Fields(value, (this, name));
        return value.EnumerateObject().Select(field => (field.Name, new Fields(field.Value, (part, field.Name)))).ToList();
    }

    /// <summary>One of an enum's words on the wire.</summary>
    public T? Word<T>(string name)
        where T : struct, Enum => Value(name) is not { } value ? null
        : Enum.GetValues<T>().Cast<T?>().FirstOrDefault(one => one!.Value.Word() == TextOf(value))
            ?? Fault<T?>(name, $"must be one of {string.Join(", ", Enum.GetValues<T>().Select(one => one.Word()))}");

    public double? Share(string name) => Value(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var share) && share is >= 0 and <= 1 ? share
        : Fault<double?>(name, "must be a number from 0 to 1");

    public double[]? Numbers(string name, int fewest, int most) => Value(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Array && value.GetArrayLength() >= fewest && value.GetArrayLength() <= most
            && value.EnumerateArray().All(one => one.ValueKind == JsonValueKind.Number && one.TryGetDouble(out _))
            ? [.. value.EnumerateArray().Select(one => one.GetDouble())]
            : Fault<double[]>(name, $"must be {fewest} to {most} numbers");

    /// <summary>Says that a field must be there, unless something was said of it already.</summary>
    public T? Missing<T>(string name) => Fault<T>(name, "is required");

    /// <summary>How many items a page has: 1 to 200, 50 unless said.</summary>
    public int Limit(string? limit) => string.IsNullOrEmpty(limit) ? 50
        : int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size is >= 1 and <= 200 ? size
        : Fault("limit", "must be a whole number from 1 to 200", 50);

    /// <summary>The number of an event, as a stream gave it.</summary>
    public long? EventId(string name, string? text) => string.IsNullOrEmpty(text) ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id
        : Fault<long?>(name, "must be the id of an event, or 0 for all");

    /// <summary>A filter of a query; an empty one is none.</summary>
    public string? Filter(string name, string? value) => string.IsNullOrEmpty(value) ? null : Within(name, value, 200);

    private string? Within(string name, string text, int longest) =>
        text.Contains('\0') ? Fault<string>(name, "must not contain U+0000") : text.Length <= longest ? text : Fault<string>(name, $"must not have more than {longest} characters");

    private JsonElement? Value(string name)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            Add("$", "must be an object");
            return null;
        }

        return body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    private static string? TextOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // half a character
        }
    }

    private T? Fault<T>(string name, string reason) => Fault<T?>(name, reason, default);

    private T Fault<T>(string name, string reason, T otherwise)
    {
        Add(name, reason);
        return otherwise;
    }
}
