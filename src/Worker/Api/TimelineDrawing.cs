using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Sagas;

namespace ExecutionManager.Worker;

/// <summary>Draws a timeline: a lane for each action, uncertainty as a band, the present and the end of the lease.</summary>
internal static class TimelineDrawing
{
    private const double Left = 150;
    private const double Right = 72;
    private const double Width = 900;
    private const double Top = 48;
    private const double Lane = 24;
    private const int LongestLabel = 20;
    private const string Muted = "#667085";
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    public static string Draw(Timeline timeline)
    {
        var scale = new Scale(timeline);
        var bottom = Top + Lane * timeline.Actions.Count;
        var height = bottom + 74;
        var drawing = new XElement(
            Svg + "svg", new XAttribute("viewBox", Text($"0 0 {Width} {height}")), new XAttribute("width", Text($"{Width}")), new XAttribute("height", Text($"{height}")),
            new XAttribute("font-family", "DejaVu Sans, Verdana, sans-serif"), new XAttribute("font-size", "11"),
            new XElement(Svg + "title", Text($"Timeline of contract {timeline.ContractId} at {timeline.At:yyyy-MM-dd HH:mm:ss} UTC")),
            Box(0, 0, Width, height, "#ffffff"),
            Ticks(scale, bottom),
            timeline.Actions.Select((action, at) => Row(action, timeline, scale, Top + Lane * at)),
            Marker(scale, timeline.At, timeline.IsNow ? "now" : "at", "#1d2939", null, 16, bottom),
            timeline.LeaseEnd is { } lease ? Marker(scale, lease, "lease end", "#b42318", "5 3", 32, bottom) : null,
            Legend(bottom + 42));
        return drawing.ToString(SaveOptions.DisableFormatting);
    }

    private static XElement Row(TimelineAction action, Timeline timeline, Scale scale, double y)
    {
        var limit = timeline.Limit is { } end && end < scale.End ? end : scale.End;
        var lane = new XElement(
            Svg + "g", new XElement(Svg + "title", Printable(action.ActionId)),
            Rule(Left, y + Lane, Width - Right, y + Lane, "#eaecf0"),
            // Of letters of one width, so that the longest label fits whatever its letters are.
            Label(Left - 8, y + 16, Shortened(Printable(action.ActionId)), "end", "#1d2939", new XAttribute("font-family", "DejaVu Sans Mono, Consolas, monospace")));
        if (action.Plan is { } plan)
        {
            lane.Add(Bar(scale, plan.Start, plan.End, y + 4, Lane - 8, "none", new XAttribute("stroke", "#98a2b3")));
        }

        if (action.Projected is { } projected && (projected.Latest ?? projected.Q95 ?? projected.Earliest) is not null)
        {
            var (from, to) = (projected.Q05 ?? projected.Earliest, projected.Q95 ?? limit);
            if (projected.Earliest is { } earliest)
            {
                var (x, last) = (scale.X(earliest), scale.X(projected.Latest ?? limit));
                lane.Add(Rule(x, y + 12, last, y + 12, "#dc6803"), Rule(x, y + 8, x, y + 16, "#dc6803"), projected.Latest is null ? null : Rule(last, y + 8, last, y + 16, "#dc6803"));
            }

            if (projected.Q05 is not null)
            {
                lane.Add(Bar(scale, from!.Value, to, y + 7, Lane - 14, "#fdb022", new XAttribute("fill-opacity", "0.65")));
            }

            if (projected.Q50 is { } median)
            {
                lane.Add(Rule(scale.X(median), y + 5, scale.X(median), y + Lane - 5, "#93370d", 2));
            }
        }

        if (action.Actual is { } actual && (actual.StartedAt ?? actual.EndedAt) is { } began)
        {
            // Only as far as it is known: what lies behind is the projection's.
            lane.Add(Bar(scale, began, actual.EndedAt ?? (timeline.Evidence > began ? timeline.Evidence : began), y + 9, Lane - 18, Colour(actual.Status)));
        }

        var word = action.Projected?.Probability is { } probability && probability >= 0.005 ? Text($"{Math.Round(100 * probability)} %")
            : action.Actual is { Status: ActionStatus.Finished or ActionStatus.Failed or ActionStatus.Paused } ended ? ended.Status.Word() : null;
        lane.Add(word is null ? null : Label(Width - Right + 8, y + 16, word, "start", Muted));
        return lane;
    }

    private static string Colour(ActionStatus status) => status switch
    {
        ActionStatus.Finished => "#12b76a",
        ActionStatus.Failed => "#d92d20",
        ActionStatus.Paused => "#667085",
        ActionStatus.Waiting or ActionStatus.Initializing or ActionStatus.Running => "#2e90fa",
    };

    private static IEnumerable<XElement> Ticks(Scale scale, double bottom) => scale.Ticks().SelectMany(tick => new[]
    {
        Rule(scale.X(tick), Top, scale.X(tick), bottom + 4, "#e4e7ec"),
        Label(scale.X(tick), bottom + 16, tick.ToString(scale.Format, CultureInfo.InvariantCulture), "middle", Muted),
    });

    /// <summary>A line over all lanes; its label stays within the drawing.</summary>
    private static XElement[] Marker(Scale scale, DateTimeOffset at, string name, string colour, string? dashes, double y, double bottom)
    {
        var text = $"{name} {at.ToString(scale.IsOfDays ? "yyyy-MM-dd HH:mm:ss" : "HH:mm:ss", CultureInfo.InvariantCulture)}";
        if (at > scale.End)
        {
            return [Label(Width - 4, y, $"{text} →", "end", colour)];
        }

        var x = scale.X(at);
        return
        [
            Rule(x, Top - 12, x, bottom, colour, 1.5, dashes),
            Label(Math.Clamp(x, Half(text), Width - Half(text)), y, text, "middle", colour),
        ];
    }

    private static double Half(string text) => 4 + 3.5 * text.Length;

    private static IEnumerable<XElement?> Legend(double y)
    {
        var x = Left;
        foreach (var status in new[] { ActionStatus.Finished, ActionStatus.Running, ActionStatus.Paused, ActionStatus.Failed })
        {
            yield return Box(x, y - 6, 18, 5, Colour(status));
            yield return Label(x + 24, y, status.Word(), "start", Muted);
            x += 40 + 7 * status.Word().Length;
        }

        yield return Label(Width - 4, y, "bars end with the last evidence", "end", Muted);
        (x, y) = (Left, y + 18);
        foreach (var (name, mark) in new (string, Func<double, XElement[]>)[]
        {
            ("plan, by means", at => [Box(at, y - 9, 18, 11, "none", new XAttribute("stroke", "#98a2b3"))]),
            ("end, 5 % to 95 %", at => [Box(at, y - 8, 18, 9, "#fdb022", new XAttribute("fill-opacity", "0.65"))]),
            ("median", at => [Rule(at + 9, y - 10, at + 9, y + 2, "#93370d", 2)]),
            ("earliest to latest", at => [Rule(at, y - 4, at + 18, y - 4, "#dc6803"), Rule(at, y - 8, at, y, "#dc6803"), Rule(at + 18, y - 8, at + 18, y, "#dc6803")]),
        })
        {
            foreach (var part in mark(x))
            {
                yield return part;
            }

            yield return Label(x + 24, y, name, "start", Muted);
            x += 40 + 7 * name.Length;
        }

        yield return Label(Width - 4, y, "right: P(current action)", "end", Muted);
    }

    /// <summary>Never thinner than what can be seen.</summary>
    private static XElement Bar(Scale scale, DateTimeOffset from, DateTimeOffset to, double y, double height, string fill, params object[] more)
    {
        var (x, end) = (scale.X(from), scale.X(to));
        return Box(end - x < 2 ? Math.Min(x, Width - Right - 2) : x, y, Math.Max(2, end - x), height, fill, more);
    }

    private static XElement Box(double x, double y, double width, double height, string fill, params object[] more) => new(
        Svg + "rect", Number("x", x), Number("y", y), Number("width", width), Number("height", height), new XAttribute("fill", fill), more);

    private static XElement Rule(double x, double y, double toX, double toY, string colour, double width = 1, string? dashes = null) => new(
        Svg + "line", Number("x1", x), Number("y1", y), Number("x2", toX), Number("y2", toY), new XAttribute("stroke", colour), Number("stroke-width", width),
        dashes is null ? null : new XAttribute("stroke-dasharray", dashes));

    private static XElement Label(double x, double y, string text, string anchor, string colour, XAttribute? font = null) => new(
        Svg + "text", Number("x", x), Number("y", y), new XAttribute("text-anchor", anchor), new XAttribute("fill", colour), font, text);

    private static XAttribute Number(string name, double value) => new(name, Text($"{Math.Round(value, 1)}"));

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    private static string Shortened(string text) => text.Length <= LongestLabel ? text : $"{text[..(LongestLabel / 2 - 1)]}…{text[^(LongestLabel / 2)..]}";

    /// <summary>A device may call an action of its own anything.</summary>
    private static string Printable(string text) => string.Concat(text.Select(letter => XmlConvert.IsXmlChar(letter) && !char.IsSurrogate(letter) ? letter : '\ufffd'));

    /// <summary>From the first to the last instant that is drawn; a lease far beyond is told, not drawn.</summary>
    private sealed class Scale
    {
        private static readonly double[] Steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 604_800, 2_592_000, 31_536_000];
        private readonly DateTimeOffset start;
        private readonly double seconds;
        private readonly double step;

        public Scale(Timeline timeline)
        {
            var instants = timeline.Actions.SelectMany(Instants).Append(timeline.At).ToList();
            (start, End) = (instants.Min(), instants.Max());
            if (timeline.LeaseEnd is { } lease && lease <= End + 2 * (End - start))
            {
                (start, End) = (lease < start ? lease : start, lease > End ? lease : End);
            }

            End = End - start < TimeSpan.FromSeconds(10) ? start.AddSeconds(10) : End;
            seconds = (End - start).TotalSeconds;
            step = Array.Find(Steps, one => seconds / one <= 9) is var found and > 0 ? found : Steps[^1] * Math.Ceiling(seconds / Steps[^1] / 9);
        }

        public DateTimeOffset End { get; }

        public bool IsOfDays => End.UtcDateTime.Date != start.UtcDateTime.Date;

        public string Format => step >= 86_400 ? "yyyy-MM-dd" : step >= 60 ? "HH:mm" : "HH:mm:ss";

        public double X(DateTimeOffset at) => Left + Math.Clamp((at - start).TotalSeconds / seconds, 0, 1) * (Width - Left - Right);

        public IEnumerable<DateTimeOffset> Ticks()
        {
            var span = TimeSpan.FromSeconds(step).Ticks;
            for (var ticks = (start.Ticks + span - 1) / span * span; ticks <= End.Ticks; ticks += span)
            {
                yield return new(ticks, TimeSpan.Zero);
            }
        }

        private static IEnumerable<DateTimeOffset> Instants(TimelineAction action) => new[]
        {
            action.Plan?.Start, action.Plan?.End, action.Projected?.Earliest, action.Projected?.Latest, action.Projected?.Q95, action.Actual?.StartedAt, action.Actual?.EndedAt,
        }.OfType<DateTimeOffset>();
    }
}
