using System.Text.RegularExpressions;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Architecture.Tests;

/// <summary>docs/operating.md names what the sources name: settings, exit codes, queues, causes, and what is not there yet.</summary>
public sealed partial class When_operating_is_documented
{
    private const string NotYet = "not yet";

    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs/operating.md"));

    private static readonly string Worker = string.Join('\n', Repository.Sources("Worker").Select(source => source.Text));

    private static readonly string Reader = Repository.Sources("Worker").Single(source => source.File.EndsWith("/SettingsReader.cs", StringComparison.Ordinal)).Text;

    private static readonly string Neighbours =
        Repository.Sources("Neighbours").Single(source => source.File.EndsWith("/NeighbourRegistration.cs", StringComparison.Ordinal)).Text;

    private static readonly HashSet<string> Sections =
        [.. Literals().Matches(OurSections().Match(Reader).Value).Select(match => match.Groups[1].Value), "ConnectionStrings"];

    [Test]
    public void Should_name_every_setting_and_no_other()
    {
        var settings = Page[Page.IndexOf("## Settings", StringComparison.Ordinal)..Page.IndexOf("## Start and stop", StringComparison.Ordinal)];
        var named = Words().Matches(settings).Select(match => match.Groups[1].Value).Where(IsKey);
        var read = Literals().Matches(Reader).Concat(Literals().Matches(Neighbours)).Select(match => match.Groups[1].Value).Where(IsKey)
            .Concat(Connections().Matches(Reader).Select(match => "ConnectionStrings:" + match.Groups[1].Value));

        Assert.That(named.Distinct(), Is.EquivalentTo(read.Distinct()));
    }

    [Test]
    public void Should_mark_exactly_the_settings_that_nothing_uses_yet()
    {
        var marked = Page.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal) && line.EndsWith($"| {NotYet} |", StringComparison.Ordinal))
            .SelectMany(line => Words().Matches(line).Select(match => match.Groups[1].Value));
        var unused = CheckedOnly().Matches(Reader).SelectMany(match => Literals().Matches(match.Value)).Select(match => match.Groups[1].Value).Where(IsKey);

        Assert.That(marked, Is.EquivalentTo(unused));
    }

    [TestCase("`/metrics`", "Prometheus")]
    [TestCase("authentication", "JwtBearer")]
    public void Should_say_what_is_not_in_this_version_yet(string what, string source)
    {
        var absent = Page[Page.IndexOf("**Not in this version yet:**", StringComparison.Ordinal)..Page.IndexOf("## Install", StringComparison.Ordinal)];

        Assert.That(absent, Worker.Contains(source, StringComparison.Ordinal) ? Does.Not.Contain(what) : Does.Contain(what));
    }

    [Test]
    public void Should_name_every_exit_code() =>
        Assert.That(
            ExitCodes().Match(Worker).Groups.Values.Skip(1).Select(code => code.Value),
            Is.Not.Empty.And.All.Matches<string>(code => Regex.IsMatch(Page, $@"\b{code}\b")));

    [Test]
    public void Should_name_every_error_queue()
    {
        var queues = Repository.Sources("Store").Concat(Repository.Sources("Worker"))
            .SelectMany(source => Queues().Matches(source.Text)).Select(match => $"`{match.Groups[1].Value}_error`").ToList();

        Assert.That(queues, Has.Count.EqualTo(5));
        Assert.That(queues.Where(queue => !Page.Contains(queue, StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void Should_explain_every_metric_and_no_other()
    {
        var table = Page[Page.IndexOf("| metric |", StringComparison.Ordinal)..Page.IndexOf("## At 3 a.m.", StringComparison.Ordinal)];
        var explained = Instruments().Matches(table).Select(match => Regex.Replace(match.Groups[1].Value, "_total$", ""));
        var counted = new[] { "Adapters", "Durability", "Sagas", "Store", "Worker" }.SelectMany(Repository.Sources)
            .SelectMany(source => Instruments().Matches(source.Text)).Select(match => match.Groups[1].Value);

        Assert.That(explained.Distinct(), Is.EquivalentTo(counted.Distinct()));
    }

    [Test]
    public void Should_explain_every_cause()
    {
        var table = Page[Page.IndexOf("| cause |", StringComparison.Ordinal)..];
        var explained = table.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => Words().Match(line).Groups[1].Value);

        Assert.That(explained, Is.EquivalentTo(Enum.GetValues<TransitionCause>().Select(WordConverter<TransitionCause>.Format)));
    }

    private static bool IsKey(string word) => word is "urls" or "DataDirectory" || (word.Split(':') is [var section, ..] parts && parts.Length > 1 && Sections.Contains(section) && !word.Contains(' '));

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Words();

    [GeneratedRegex("""
        "([^"\n]+)"
        """)]
    private static partial Regex Literals();

    /// <summary>The sections that the reader calls ours.</summary>
    [GeneratedRegex(@"Sections =\s*\[([^\]]+)\]")]
    private static partial Regex OurSections();

    [GeneratedRegex("""GetConnectionString\("(\w+)"\)""")]
    private static partial Regex Connections();

    /// <summary>Keys that are read to be checked, and then used by nobody.</summary>
    [GeneratedRegex("""foreach \(var (?:later|key) in new\[\] \{[^}]*\}|^\s+Fraction\("[^"]+", """, RegexOptions.Multiline)]
    private static partial Regex CheckedOnly();

    [GeneratedRegex(@"Usage = (\d+), Unavailable = (\d+), Misconfigured = (\d+)")]
    private static partial Regex ExitCodes();

    [GeneratedRegex("""["`](em_\w+)["`{]""")]
    private static partial Regex Instruments();

    [GeneratedRegex("""[Ee]ndpoint\.Name = "([a-z-]+)";?\)""")]
    private static partial Regex Queues();
}
