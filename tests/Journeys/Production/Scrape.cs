using System.Globalization;
using System.Text.RegularExpressions;

namespace ExecutionManager.Journeys.Tests;

/// <summary>What <c>/metrics</c> said, as Prometheus reads it.</summary>
internal sealed partial class Scrape
{
    private readonly string text;
    private readonly ILookup<string, (HashSet<string> Labels, double Value)> series;

    private Scrape(string text)
    {
        this.text = text;
        series = Sample().Matches(text).ToLookup(
            match => match.Groups["name"].Value,
            match => (Label().Matches(match.Groups["labels"].Value).Select(label => label.Value).ToHashSet(), double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture)));
    }

    public static async Task<Scrape> Of(WorkerProcess worker) => new(await worker.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative)));

    /// <summary>The value of the one series with exactly these labels, written as <c>from="live"</c>; null when there is none.</summary>
    public double? this[string name, params string[] labels] =>
        series[name].Where(one => one.Labels.SetEquals(labels)).Select(one => (double?)one.Value).SingleOrDefault();

    /// <summary>Over all series of a name.</summary>
    public double Sum(string name) => series[name].Sum(one => one.Value);

    public override string ToString() => string.Join('\n', text.Split('\n').Where(line => line.StartsWith("em_", StringComparison.Ordinal)));

    [GeneratedRegex(@"^(?<name>[a-zA-Z_:][\w:]*)(\{(?<labels>[^}]*)\})? (?<value>[^ \n]+)", RegexOptions.Multiline)]
    private static partial Regex Sample();

    [GeneratedRegex("\\w+=\"[^\"]*\"")]
    private static partial Regex Label();
}
