using System.Text.RegularExpressions;

namespace ExecutionManager.Architecture.Tests;

/// <summary>What must not stand in a project's sources, comments apart. A pattern, and what it gives away.</summary>
internal sealed record SourceRule(string Project, string Never, string Pattern, bool StringsToo = true)
{
    // Completed is a device's word as well, and held and live are plain English: those count as string literals only.
    private const string States =
        "Preparing|AwaitingConnection|Pushing|Reconciled|Recovering|Escalated|Stopping|Cancelled|Aborted|Reassigned";

    public static IReadOnlyList<SourceRule> Table { get; } =
    [
        new("Domain", "await", @"\b(await|async|ValueTask)\b", StringsToo: false),
        new("Domain", "a clock", @"\b(TimeProvider|Stopwatch|TickCount\w*|UtcNow|GetUtcNow|DateTime\.Now|DateTimeOffset\.Now)\b"),
        new("Domain", "a logger", @"\b(I?Logger\w*|Serilog|Console)\b"),
        new("Domain", "chance", @"\b(Random|RandomNumberGenerator|NewGuid|CreateVersion7)\b"),
        new("Domain", "a state's name", $@"\b({States})\b"),
        new("Domain", "a state's name", $"""(?i:"({States}|Live|Held)")"""),
        new("Domain", "a state's name", @"(?<!Certainty\.|Certainty[^;]*)\bProjected\b"),
        new("Sagas", "SQL", @"\bSELECT\b|\bINSERT INTO\b|\bDELETE FROM\b|\bUPDATE \w+ SET\b|\bDbContext\b"),
        new("Sagas", "MQTT", @"(?i:mqtt)|em/v1"),
        // A sum may join strings, so plus is left to the reader.
        new("Sagas", "arithmetic", @"[\w)\]] [-*/%] [\w(]", StringsToo: false),
        new("Durability", "a type of the product", @"\bExecutionManager\.(?!Durability\b)|\b(Contract|Device)(s|Id|Status|State)?\b"),
        new("Adapters", "a database", @"\bDbContext\b|\bSqlite\w*|\bNpgsql\w*"),
        new("Adapters", "the web", @"\bMicrosoft\.AspNetCore\b"),
        new("Simulation", "a shortcut into the product", @"\bExecutionManager\.(?!Simulation\b)"),
    ];

    public IEnumerable<string> Violations(string file, string source)
    {
        var text = StringsToo ? source : Strings.Replace(source, "\"\"");
        return Regex.Matches(text, Pattern).Select(match =>
            $"{file}:{text.AsSpan(0, match.Index).Count('\n') + 1} has {Never}: {match.Value}");
    }

    private static readonly Regex Strings = new("""""
        "{3}[\s\S]*?"{3}|@"(?:""|[^"])*"|"(?:\\.|[^"\\\n])*"
        """"".Trim());
}
