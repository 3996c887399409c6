using System.IO.Enumeration;
using System.Xml.Linq;

namespace ExecutionManager.Architecture.Tests;

/// <summary>
/// A row of the table of projects: what may be referenced by name, and which packages must not even come along with
/// another. Patterns may hold <c>*</c>.
/// </summary>
internal sealed record ProjectRule(string Project, string[] Projects, string[] Packages, string[] Never)
{
    private static readonly string[] EntityFramework = ["Microsoft.EntityFrameworkCore", "Microsoft.EntityFrameworkCore.*", "Npgsql", "Npgsql.*"];
    private static readonly string[] MassTransit = ["MassTransit", "MassTransit.*"];
    private static readonly string[] Mqtt = ["MQTTnet", "MQTTnet.*"];
    private static readonly string[] Loggers = ["Microsoft.Extensions.Logging*", "Serilog", "Serilog.*"];

    public static IReadOnlyList<ProjectRule> Table { get; } =
    [
        new("Contracts.Messages", [], [], ["*"]),
        new("Domain", [], ["NetTopologySuite"], [.. EntityFramework, .. MassTransit, .. Mqtt, .. Loggers]),
        new("Sagas", ["Domain", "Contracts.Messages"], ["MassTransit"], [.. EntityFramework, .. Mqtt]),
        new("Durability", [], ["MassTransit", .. EntityFramework], Mqtt),
        new("Store", ["Durability", "Sagas", "Domain", "Contracts.Messages"], EntityFramework, Mqtt),
        new("Adapters", ["Contracts.Messages"], ["MassTransit.Abstractions", "MQTTnet"], EntityFramework),
        new(
            "Worker",
            ["Contracts.Messages", "Domain", "Sagas", "Durability", "Store", "Adapters", "Simulation", "Neighbours"],
            ["*"],
            []),
        new("Simulation", [], ["MQTTnet"], [.. EntityFramework, .. MassTransit]),
        new(
            "Neighbours",
            ["Contracts.Messages"],
            ["MassTransit", "MassTransit.RabbitMQ", "YamlDotNet", "NetTopologySuite", "Serilog"],
            [.. EntityFramework, .. Mqtt]),
    ];

    /// <summary>Programs beside the product: what the tests start, and the benchmarks.</summary>
    public static IReadOnlyList<ProjectRule> Programs { get; } =
    [
        // Around the worker's own services.
        new("CrashHost", ["Worker"], [], []),
        // Judges the product from outside, so it holds nothing of it.
        new("Checker", [], ["RabbitMQ.Client"], [.. EntityFramework, .. MassTransit, .. Mqtt]),
        new("Bench", [.. Table.Select(rule => rule.Project)], ["*"], []),
    ];

    // The edges: hosting and logging come with the shared framework, not as packages. The inside needs neither.
    private static readonly string[] Hosted = ["Worker", "Neighbours", "Adapters", "Checker"];

    /// <summary>What <paramref name="csproj"/> references beyond this rule.</summary>
    public IEnumerable<string> Violations(string csproj)
    {
        var project = XDocument.Parse(csproj).Root!;
        var items = project.Elements("ItemGroup").Elements().ToLookup(
            item => item.Name.LocalName, item => ((string?)item.Attribute("Include") ?? "", Private: IsPrivate(item)));

        var references = items["ProjectReference"].Select(item => Path.GetFileNameWithoutExtension(item.Item1.Replace('\\', '/')));
        foreach (var name in references.Except(Projects))
        {
            yield return $"{Project} references the project {name}";
        }

        foreach (var (name, _) in items["PackageReference"].Where(item => !item.Private && !Matches(item.Item1, Packages)))
        {
            yield return $"{Project} references the package {name}";
        }

        foreach (var (name, _) in items["Reference"])
        {
            yield return $"{Project} references the file {name}";
        }

        foreach (var (name, _) in items["Compile"].Where(item => item.Item1.StartsWith("..", StringComparison.Ordinal)))
        {
            yield return $"{Project} compiles {name} of another project";
        }

        foreach (var (name, _) in items["InternalsVisibleTo"].Where(item => !item.Item1.EndsWith(".Tests", StringComparison.Ordinal)))
        {
            yield return $"{Project} shows its internals to {name}";
        }

        if (!Hosted.Contains(Project) && (items["FrameworkReference"].Any() || (string?)project.Attribute("Sdk") != "Microsoft.NET.Sdk"))
        {
            yield return $"{Project} takes a shared framework";
        }
    }

    /// <summary>Packages that came along with others and must not.</summary>
    public IEnumerable<string> Strangers(IEnumerable<string> resolved) =>
        resolved.Where(name => Matches(name, Never)).Select(name => $"{Project} gets the package {name}");

    // Analyzers and design-time tools: nothing of them is in the output.
    private static bool IsPrivate(XElement item) =>
        ((string?)item.Attribute("PrivateAssets") ?? (string?)item.Element("PrivateAssets")) == "all";

    private static bool Matches(string name, string[] patterns) =>
        patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name));
}
