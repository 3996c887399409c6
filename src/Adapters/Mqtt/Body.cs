using System.Text.Json;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Adapters;

/// <summary>
/// A JSON object of a device, read field by field: what is missing or wrong is named by its path. Bounds keep out what
/// would only fail later, in arithmetic or in a database.
/// </summary>
internal readonly struct Body
{
    /// <summary>The largest integer that every JSON reader keeps exactly.</summary>
    private const long Largest = (1L << 53) - 1;

    private static readonly DateTimeOffset FirstInstant = DateTimeOffset.UnixEpoch;
    private static readonly DateTimeOffset LastInstant = new(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly JsonElement _json;
    private readonly string _path;

    public Body(JsonElement json, string path = "")
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new BodyFault($"{(path.Length == 0 ? "The body" : path.TrimEnd('.'))} must be an object.");
        (_json, _path) = (json, path);
    }

    public bool Has(string name) => Find(name) is not null;

    public string Text(string name, int longest) =>
        Need(name, JsonValueKind.String, "a string") is var value && value.GetString() is { Length: > 0 } text && text.Length <= longest
            ? text
            : throw Fault(name, $"must have 1 to {longest} characters");

    public string? TextOrNull(string name, int longest) => Has(name) ? Text(name, longest) : null;

    /// <summary>For people, so it is cut rather than refused.</summary>
    public string? DetailOrNull(string name)
    {
        if (!Has(name))
            return null;
        var text = Need(name, JsonValueKind.String, "a string").GetString()!;
        if (text.Length <= 1000)
            return text;
        return text[..(char.IsHighSurrogate(text[999]) ? 999 : 1000)];
    }

    public Guid Id(string name) =>
        Guid.TryParseExact(Text(name, 64), "D", out var id) ? id : throw Fault(name, "must be a UUID");

    public Guid? IdOrNull(string name) => Has(name) ? Id(name) : null;

    public bool Flag(string name) => Find(name) switch
    {
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        null => throw Fault(name, "is missing"),
        _ => throw Fault(name, "must be true or false"),
    };

    public long Integer(string name, long least, long most = Largest) =>
        Need(name, JsonValueKind.Number, "an integer").TryGetInt64(out var value) && value >= least && value <= most
            ? value
            : throw Fault(name, $"must be an integer from {least} to {most}");

    public double? FractionOrNull(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.GetDouble() is >= 0 and <= 1 => value.GetDouble(),
        _ => throw Fault(name, "must be a number from 0 to 1"),
    };

    public IReadOnlyList<double>? PositionOrNull(string name)
    {
        if (Find(name) is not { } value)
            return null;
        var isPosition = value.ValueKind == JsonValueKind.Array && value.GetArrayLength() is 2 or 3
            && value.EnumerateArray().All(c => c.ValueKind == JsonValueKind.Number && Math.Abs(c.GetDouble()) <= 1e9);
        return isPosition ? [.. value.EnumerateArray().Select(c => c.GetDouble())] : throw Fault(name, "must be two or three numbers");
    }

    public DateTimeOffset Instant(string name)
    {
        var at = Parse(name, InstantConverter.Parse);
        return at >= FirstInstant && at <= LastInstant ? at : throw Fault(name, "must lie between 1970 and 2200");
    }

    public DateTimeOffset? InstantOrNull(string name) => Has(name) ? Instant(name) : null;

    public TimeSpan Duration(string name, TimeSpan least, TimeSpan most)
    {
        var duration = Parse(name, DurationConverter.Parse);
        return duration >= least && duration <= most
            ? duration
            : throw Fault(name, $"must lie between {DurationConverter.Format(least)} and {DurationConverter.Format(most)}");
    }

    public T Word<T>(string name)
        where T : struct, Enum => Parse(name, WordConverter<T>.Parse);

    public Body Object(string name) => new(Need(name, JsonValueKind.Object, "an object"), _path + name + ".");

    public Body? ObjectOrNull(string name) => Has(name) ? Object(name) : null;

    /// <summary>Free form; only that it is an object is asked.</summary>
    public JsonElement? AnyOrNull(string name) => Has(name) ? Need(name, JsonValueKind.Object, "an object").Clone() : null;

    public IReadOnlyList<T> List<T>(string name, int most, Func<Body, T> read)
    {
        var array = Need(name, JsonValueKind.Array, "an array");
        if (array.GetArrayLength() > most)
            throw Fault(name, $"must have at most {most} items");
        var path = _path;
        return [.. array.EnumerateArray().Select((item, i) => read(new Body(item, $"{path}{name}[{i}].")))];
    }

    public IReadOnlyDictionary<string, T> Map<T>(string name, int longestKey, Func<Body, T> read)
    {
        var map = new Dictionary<string, T>();
        foreach (var property in Need(name, JsonValueKind.Object, "an object").EnumerateObject())
        {
            if (property.Name.Length is 0 || property.Name.Length > longestKey)
                throw Fault(name, $"must have keys of 1 to {longestKey} characters");
            map[property.Name] = read(new Body(property.Value, $"{_path}{name}.{property.Name}."));
        }
        return map;
    }

    private T Parse<T>(string name, Func<string, T> parse)
    {
        try
        {
            return parse(Text(name, 64));
        }
        catch (JsonException e)
        {
            throw Fault(name, $"is wrong: {e.Message}");
        }
    }

    private JsonElement Need(string name, JsonValueKind kind, string what) =>
        Find(name) is not { } value ? throw Fault(name, "is missing")
        : value.ValueKind == kind ? value
        : throw Fault(name, $"must be {what}");

    private JsonElement? Find(string name) =>
        _json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private BodyFault Fault(string name, string fault) => new($"{_path}{name} {fault.TrimEnd('.')}.");
}
