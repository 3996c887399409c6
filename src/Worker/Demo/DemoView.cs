using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace ExecutionManager.Worker.Demo;

/// <summary>A live table in a terminal, plain lines when piped.</summary>
internal sealed class DemoView(TextWriter output, Uri address)
{
    private readonly DateTimeOffset start = TimeProvider.System.GetUtcNow();
    private const int Wide = 117;

    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, (string What, DateTimeOffset At)> last = [];
    private readonly bool table = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
    private readonly List<string> said = [];
    private int frames;

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
            if (said != what || (!table && Progress(contract).Length > 0 && contract["outcome"] is null && now - at >= ProgressEvery))
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

    /// <summary>Over the frame before, which is not cleared first: that would flicker.</summary>
    private void Draw(IReadOnlyList<JsonObject> contracts)
    {
        var (width, height) = (AnsiConsole.Profile.Width, AnsiConsole.Profile.Height);
        var isWide = width >= Wide;
        var grid = new Table().Border(TableBorder.Rounded);
        (string Name, int Wide, int Narrow)[] columns = [("device", 6, 6), ("task", 14, 0), ("state", 18, 14), ("certainty", 12, 12), ("action", 7, 7), ("progress", 26, 10), ("waits for", 12, 12)];
        grid.AddColumns([.. columns.Where(column => isWide || column.Narrow > 0).Select(column => new TableColumn(column.Name) { NoWrap = true, Width = isWide ? column.Wide : column.Narrow })]);
        foreach (var contract in contracts.OrderBy(contract => contract["deviceId"]!.GetValue<string>(), StringComparer.Ordinal))
        {
            grid.AddRow([.. new[]
            {
                Text(contract["deviceId"]), isWide ? Text(contract["taskType"]) : null, Text(contract["status"]), Text(contract["certainty"]),
                Action(contract, "?"), Progress(contract, isWide), Next(contract),
            }.OfType<string>().Select(Markup.Escape)]);
        }

        if (frames++ == 0)
        {
            AnsiConsole.Clear();
        }

        AnsiConsole.Write(new ControlCode("\e[H"));
        Row($"Execution Manager demo, {Elapsed().Trim()}   {address}contracts, /scalar");
        AnsiConsole.Write(grid);
        said.TakeLast(Math.Max(1, height - contracts.Count - 6)).ToList().ForEach(Row);
        AnsiConsole.Write(new ControlCode("\e[J"));

        void Row(string text) => AnsiConsole.Write(new ControlCode($"{(text.Length < width ? text : text[..(width - 1)])}\e[K\n"));
    }

    private static string Next(JsonObject contract) =>
        contract["outcome"] is { } outcome ? $"- ({Text(outcome["evidence"])})"
        : contract["escalation"] is not null ? "an operator"
        : contract["deadline"]?["kind"] is { } deadline && Text(deadline) is not ("action" or "stall") ? Text(deadline)
        : "";

    private static string Describe(JsonObject contract)
    {
        var parts = new List<string> { Text(contract["status"]), Text(contract["certainty"]) };
        if (contract["recovery"] is { } recovery)
        {
            parts.Add($"failure {Text(recovery["failure"]?["kind"])}");
        }

        if (contract["escalation"] is { } escalation)
        {
            parts.Add($"an operator may {string.Join(", ", escalation["allowedStrategies"]!.AsArray().Select(Text))}");
        }

        if (contract["replan"] is { } replan)
        {
            parts.Add($"replan asked ({Text(replan["reason"])})");
        }

        if (contract["status"]!.GetValue<string>() is "reconciled" or "live" && contract["divergence"] is { } divergence)
        {
            parts.Add($"divergence {Text(divergence["level"])}");
        }

        if (contract["outcome"] is { } outcome && Text(outcome["evidence"]) != "device")
        {
            parts.Add($"by {Text(outcome["evidence"])}");
        }

        return string.Join(", ", parts);
    }

    private static string Action(JsonObject contract, string estimated = " (estimated)")
    {
        if (contract["projection"] is { } projection)
        {
            return projection["currentAction"] is { } current ? Text(current) + estimated : "";
        }

        return contract["actual"]?["actions"]?.AsObject().FirstOrDefault(action => Text(action.Value?["status"]) == "running").Key ?? "";
    }

    private static string Progress(JsonObject contract, bool withRange = true)
    {
        if (contract["projection"]?["progress"] is { } estimated)
        {
            return $"about {Percent(estimated["expected"])}{(withRange ? $" ({Percent(estimated["low"])} to {Percent(estimated["high"])})" : "")}";
        }

        return contract["actual"]?["progress"] is { } known ? Percent(known) : "";
    }

    private static string Percent(JsonNode? share) => share is null ? "" : share.GetValue<double>().ToString("P0", CultureInfo.InvariantCulture);

    private static string Text(JsonNode? node) => node?.GetValue<string>() ?? "";

    private string Elapsed() => (TimeProvider.System.GetUtcNow() - start).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture).PadLeft(5) + "s";
}
