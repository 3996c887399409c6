using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace ExecutionManager.Worker.Demo;

/// <summary>A live table in a terminal, plain lines when piped.</summary>
internal sealed class DemoView(TextWriter output, Uri address)
{
    private readonly DateTimeOffset start = TimeProvider.System.GetUtcNow();
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, (string What, DateTimeOffset At)> last = [];
    private readonly bool table = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
    private readonly List<string> said = [];

    public void Line(string text) => output.WriteLine(text);

    public void Say(string deviceId, string what)
    {
        var line = $"{Elapsed()}  {deviceId}  {what}";
        said.Add(line);
        if (!table)
        {
            output.WriteLine(line);
        }
    }

    public void Show(IReadOnlyList<JsonObject> contracts)
    {
        foreach (var contract in contracts.OrderBy(contract => contract["deviceId"]!.GetValue<string>(), StringComparer.Ordinal))
        {
            var deviceId = contract["deviceId"]!.GetValue<string>();
            // What it is and how it stands is said at once, how far it is only now and then.
            var (what, now) = (Describe(contract), TimeProvider.System.GetUtcNow());
            var (said, at) = last.GetValueOrDefault(deviceId);
            if (said != what || (Progress(contract).Length > 0 && contract["outcome"] is null && now - at >= ProgressEvery))
            {
                last[deviceId] = (what, now);
                Say(deviceId, string.Join(", ", new[] { what, Action(contract), Progress(contract) }.Where(part => part.Length > 0)));
            }
        }

        if (table)
        {
            Draw(contracts);
        }
    }

    private void Draw(IReadOnlyList<JsonObject> contracts)
    {
        var grid = new Table().Border(TableBorder.Rounded).Title($"Execution Manager demo, {Elapsed().Trim()}").Caption($"{address}contracts   {address}scalar");
        grid.AddColumns("device", "task", "state", "certainty", "action", "progress", "deadline", "outcome");
        foreach (var contract in contracts.OrderBy(contract => contract["deviceId"]!.GetValue<string>(), StringComparer.Ordinal))
        {
            grid.AddRow([.. new[]
            {
                Text(contract["deviceId"]), Text(contract["taskType"]), Text(contract["status"]), Text(contract["certainty"]),
                Action(contract), Progress(contract), Text(contract["deadline"]?["kind"]), Text(contract["outcome"]?["status"]),
            }.Select(Markup.Escape)]);
        }

        AnsiConsole.Clear();
        AnsiConsole.Write(grid);
        foreach (var line in said.TakeLast(12))
        {
            AnsiConsole.WriteLine(line);
        }
    }

    private static string Describe(JsonObject contract)
    {
        var parts = new List<string> { Text(contract["status"]), Text(contract["certainty"]) };
        if (contract["recovery"] is { } recovery)
        {
            parts.Add($"failure {Text(recovery["failure"]?["kind"])}");
        }

        if (contract["replan"] is { } replan)
        {
            parts.Add($"replan asked ({Text(replan["reason"])})");
        }

        if (contract["status"]!.GetValue<string>() is "reconciled" or "live" && contract["divergence"] is { } divergence)
        {
            parts.Add($"divergence {Text(divergence["level"])}");
        }

        return string.Join(", ", parts);
    }

    private static string Action(JsonObject contract)
    {
        if (contract["projection"] is { } projection)
        {
            return projection["currentAction"] is { } current ? $"{Text(current)} (estimated)" : "";
        }

        return contract["actual"]?["actions"]?.AsObject().FirstOrDefault(action => Text(action.Value?["status"]) == "running").Key ?? "";
    }

    private static string Progress(JsonObject contract)
    {
        if (contract["projection"]?["progress"] is { } estimated)
        {
            return $"about {Percent(estimated["expected"])} ({Percent(estimated["low"])} to {Percent(estimated["high"])})";
        }

        return contract["actual"]?["progress"] is { } known ? Percent(known) : "";
    }

    private static string Percent(JsonNode? share) => share is null ? "" : share.GetValue<double>().ToString("P0", CultureInfo.InvariantCulture);

    private static string Text(JsonNode? node) => node?.GetValue<string>() ?? "";

    private string Elapsed() => (TimeProvider.System.GetUtcNow() - start).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture).PadLeft(5) + "s";
}
