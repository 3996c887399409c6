using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ExecutionManager.Journeys.Tests;

/// <summary>docs/integrating.md, cut at its headings, and the ids that stand in it for those of a run.</summary>
internal sealed partial class IntegratingPage
{
    private readonly Dictionary<string, string> ids = [];
    private readonly string run = Guid.NewGuid().ToString("N")[..6];

    public static JsonObject Envelope => JsonNode.Parse(Blocks("On the bus, in any language", "json envelope").Single().Body)!.AsObject();

    /// <summary>What is said and heard in a section, in order: by whom, which message, and its JSON.</summary>
    public static IEnumerable<(string Kind, string Name, string Body)> Blocks(string section, string kind = "") =>
        Fence().Matches(Sections().Matches(Text()).Single(match => match.Groups["heading"].Value == section).Groups["text"].Value)
            .Select(match => (Kind: match.Groups["kind"].Value, match.Groups["name"].Value, match.Groups["body"].Value))
            .Where(block => block.Kind.StartsWith(kind, StringComparison.Ordinal));

    /// <summary>The device that stands for one of the page: a broker remembers those of earlier runs.</summary>
    public string Device(string shown) => $"{shown}-{run}";

    /// <summary>The JSON with the ids of this run in place of those that were met before.</summary>
    public JsonObject Say(string json) => JsonNode.Parse(Id().Replace(OfThisRun(json), match => ids.GetValueOrDefault(match.Value, match.Value)))!.AsObject();

    /// <summary>Lets an id of the page stand for one of this run.</summary>
    public void Meet(string shown, string actual) => ids[shown] = actual;

    /// <summary>Whether a message is as shown; if it is, its new ids are met.</summary>
    public bool Fits(string json, JsonObject message)
    {
        var met = new Dictionary<string, string>(ids);
        if (!Fits(JsonNode.Parse(OfThisRun(json))!, message, met))
        {
            return false;
        }

        foreach (var (shown, actual) in met)
        {
            ids[shown] = actual;
        }

        return true;
    }

    private static bool Fits(JsonNode? shown, JsonNode? actual, Dictionary<string, string> met) => (shown, actual) switch
    {
        (JsonObject one, JsonObject other) => one.All(member => Fits(member.Value, other[member.Key], met)),
        // Of a list of words those that are shown are there; others may come along later.
        (JsonArray one, JsonArray other) when one.Count > 0 && one.All(IsText) => one.All(word => other.Any(actual => Fits(word, actual, met))),
        (JsonArray one, JsonArray other) => one.Count == other.Count && one.Zip(other).All(pair => Fits(pair.First, pair.Second, met)),
        (JsonValue one, not null) when IsText(one) && one.GetValue<string>() == "…" => true,
        (JsonValue one, JsonValue other) when IsText(one) && IsText(other) => Fits(one.GetValue<string>(), other.GetValue<string>(), met),
        _ => JsonNode.DeepEquals(shown, actual),
    };

    private static bool Fits(string shown, string actual, Dictionary<string, string> met)
    {
        if (Instant().IsMatch(shown))
        {
            return actual.EndsWith('Z') && DateTimeOffset.TryParse(actual, CultureInfo.InvariantCulture, out _);
        }

        if (!Id().IsMatch(shown))
        {
            return shown == actual;
        }

        // The first part of the page's ids tells who makes them: the caller those of contracts, the EM all others.
        return met.TryGetValue(shown, out var known) || shown.StartsWith("0198f0c2", StringComparison.Ordinal) ? actual == (known ?? shown) : met.TryAdd(shown, actual);
    }

    private string OfThisRun(string json) => DeviceId().Replace(json, match => Device(match.Value));

    private static bool IsText(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String;

    private static string Text()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "ExecutionManager.sln")))
        {
            directory = directory.Parent;
        }

        return File.ReadAllText(Path.Combine(directory.FullName, "docs/integrating.md"));
    }

    [GeneratedRegex(@"^## (?<heading>.+)\n(?<text>(?:(?!## ).*\n?)*)", RegexOptions.Multiline)]
    private static partial Regex Sections();

    [GeneratedRegex(@"^```(?<kind>(?:json|text)(?: EM →| → EM| console| envelope| stream)?) ?(?<name>\w*)\n(?<body>[\s\S]*?)^```$", RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT.*Z$")]
    private static partial Regex Instant();

    [GeneratedRegex(@"\bagv-\d\d\b")]
    private static partial Regex DeviceId();

    [GeneratedRegex(@"\b0198f0c\w-\w{4}-\w{4}-\w{4}-\w{12}\b")]
    private static partial Regex Id();
}
