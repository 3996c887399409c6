using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using ExecutionManager.Domain;
using ExecutionManager.Sagas;
using ExecutionManager.Store;

namespace ExecutionManager.Journeys.Tests;

[TestFixture, CancelAfter(30_000)]
public class When_a_timeline_is_shown
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";
    private ApiHost host = null!;

    [OneTimeSetUp]
    public async Task Run() => host = await ApiHost.Run();

    [SetUp]
    public void Reset() => host.Clock.Now = ApiHost.Start;

    [OneTimeTearDown]
    public async Task End() => await host.DisposeAsync();

    private static DateTimeOffset At(double seconds) => ApiHost.Start.AddSeconds(seconds);

    private static JsonObject Action(string id, int min, int mode, int max) => new()
    {
        ["actionId"] = id, ["actionType"] = "drive", ["duration"] = new JsonObject { ["min"] = $"PT{min}S", ["mode"] = $"PT{mode}S", ["max"] = $"PT{max}S" },
    };

    private static JsonObject Document(params JsonObject[] actions)
    {
        var document = ApiHost.Document();
        document["actions"] = new JsonArray(actions);
        return document;
    }

    /// <summary>Offline since the first of these actions began at the start.</summary>
    private Task<Guid> Offline(JsonObject document, double seenAt = 0, params ActionRecord[] before) => host.Seed(saga =>
    {
        (saga.CurrentState, saga.SentRevision, saga.AcceptedRevision, saga.AcceptedAt) = ("Projected", 1, 1, ApiHost.Start);
        var first = document["actions"]![before.Length]!["actionId"]!.GetValue<string>();
        saga.Execution = Execution.None with
        {
            Seq = 2, Revision = 1, AcceptedSeq = 1, At = At(seenAt), Status = ExecutionStatus.Executing,
            Executed = [.. before, new ActionRecord(first, ActionStatus.Running, 1, "drive", ApiHost.Start, SeenAt: At(seenAt), RunningSince: ApiHost.Start)],
        };
    }, document: document);

    private async Task<XElement> Drawing(string name, Guid id, string query = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/contracts/{id}/timeline{query}");
        request.Headers.Accept.ParseAdd("image/svg+xml");
        using var response = await host.Http.SendAsync(request);
        Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("image/svg+xml"));
        var text = await response.Content.ReadAsStringAsync();
        var file = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{name}.svg");
        await File.WriteAllTextAsync(file, text);
        TestContext.AddTestAttachment(file);
        return XElement.Parse(text);
    }

    [Test]
    public async Task Should_have_plan_projection_and_actual_of_each_action()
    {
        var id = await Offline(Document(Action("A", 40, 60, 120), Action("B", 30, 30, 30)), seenAt: 30);
        await host.Store(async db =>
        {
            db.Add(new GrantRow { ContractId = id, Epoch = 1, AsOf = 1, EndsAt = At(300), SafeToReassignAt = At(320) });
            await db.SaveChangesAsync();
        });
        host.Clock.Now = At(60);
        var timeline = (await host.Get($"/contracts/{id}/timeline")).Json;
        Assert.That(timeline["leaseEnd"]!.GetValue<string>(), Is.EqualTo("2026-11-24T09:05:00Z"));
        var actions = timeline["actions"]!.AsArray();
        Assert.That(actions[0]!["plan"]!.ToJsonString(), Is.EqualTo("""{"start":"2026-11-24T09:00:00Z","end":"2026-11-24T09:01:06.6666667Z"}"""));
        Assert.That(actions[0]!["actual"]!.ToJsonString(), Is.EqualTo("""{"status":"running","startedAt":"2026-11-24T09:00:00Z"}"""));
        Assert.That(actions[0]!["projected"]!["probability"]!.GetValue<double>(), Is.EqualTo(0.632).Within(0.01));
        Assert.That(actions[1]!["projected"]!["earliest"]!.GetValue<string>(), Is.EqualTo("2026-11-24T09:01:10Z"));
        Assert.That(actions[1]!["projected"]!["latest"]!.GetValue<string>(), Is.EqualTo("2026-11-24T09:02:30Z"));
        Assert.That(actions[1]!["actual"], Is.Null);
        Assert.That((await host.Get($"/contracts/{id}/timeline?at=2026-11-24T09:02:00Z")).Json["at"]!.GetValue<string>(), Is.EqualTo("2026-11-24T09:02:00Z"));
        Assert.That((await host.Get($"/contracts/{id}/timeline?at=soon")).Problem, Is.EqualTo("400 validation"));
        Assert.That((await host.Get($"/contracts/{Guid.NewGuid()}/timeline")).Problem, Is.EqualTo("404 not-found"));
    }

    [Test]
    public async Task Should_show_the_plan_of_what_was_never_accepted_and_the_actuals_of_what_is_over()
    {
        var waiting = await host.Seed(saga => saga.CurrentState = "AwaitingConnection");
        var action = (await host.Get($"/contracts/{waiting}/timeline")).Json["actions"]![0]!;
        Assert.That((action["plan"]!["start"]!.GetValue<string>(), action["projected"], action["actual"]), Is.EqualTo(("2026-11-24T09:00:00Z", (JsonNode?)null, (JsonNode?)null)));
        var over = await host.Seed(saga =>
        {
            (saga.CurrentState, saga.SentRevision, saga.AcceptedRevision) = ("Completed", 1, 1);
            saga.Execution = Execution.None with { Seq = 3, At = At(90), Executed = [new ActionRecord("own\u0001<&>", ActionStatus.Finished, 1, "charge", At(1), At(5)), new ActionRecord("a1", ActionStatus.Finished, 1, "drive", At(5), At(90))] };
        });
        var actions = (await host.Get($"/contracts/{over}/timeline")).Json["actions"]!.AsArray();
        Assert.That(actions.Select(one => (one!["actionId"]!.GetValue<string>(), one["plan"] is null, one["projected"] is null, one["actual"] is null)),
            Is.EqualTo(new[] { ("own\u0001<&>", true, true, false), ("a1", false, true, false), ("a2", false, true, true) }));
        Assert.That((await Drawing("over", over)).Descendants(Svg + "text").Select(text => text.Value), Does.Contain("own\ufffd<&>"));
    }

    [TestCase("image/svg+xml", "image/svg+xml")]
    [TestCase("image/*", "image/svg+xml")]
    [TestCase("image/avif,image/webp,image/*,*/*;q=0.8", "image/svg+xml", Description = "as a browser's img asks")]
    [TestCase("text/html,application/xml;q=0.9,*/*;q=0.8", "application/json")]
    [TestCase("application/json, image/*;q=0.5", "application/json")]
    [TestCase("application/*", "application/json")]
    [TestCase("image/svg+xml;q=0, */*", "application/json")]
    [TestCase(null, "application/json")]
    public async Task Should_come_in_the_kind_that_is_wanted(string? accept, string kind)
    {
        var id = await Offline(Document(Action("A", 40, 60, 120)));
        var shown = await host.Send(HttpMethod.Get, $"/contracts/{id}/timeline", null, accept is null ? [] : [("Accept", accept)]);
        Assert.That((shown.Status, shown.MediaType), Is.EqualTo((200, kind)));
    }

    [Test]
    public async Task Should_name_the_instant_that_it_is_drawn_for()
    {
        var id = await Offline(Document(Action("A", 40, 60, 120)));
        host.Clock.Now = At(10);
        Assert.That(Labels(await Drawing("now", id)), Does.Contain("now 09:00:10"));
        Assert.That(Labels(await Drawing("later", id, "?at=2026-11-24T09:00:30Z")), Does.Contain("at 09:00:30").And.Not.Contain("now 09:00:10"));
    }

    /// <summary>Beyond the last evidence only the projection says anything.</summary>
    [TestCase(false, "#2e90fa", "running")]
    [TestCase(true, "#667085", "paused")]
    public async Task Should_draw_what_is_known_no_further_than_it_is_known(bool paused, string colour, string word)
    {
        var id = await host.Seed(saga =>
        {
            (saga.CurrentState, saga.SentRevision, saga.AcceptedRevision, saga.AcceptedAt) = ("Projected", 1, 1, ApiHost.Start);
            saga.Execution = Execution.None.Apply(new(1, 1, At(0), "actionStarted", "a1", null)).Apply(new(2, 1, At(30), paused ? "paused" : "later", null, null));
        });
        host.Clock.Now = At(200);
        var drawing = await Drawing($"known-{word}", id);
        double Of(XElement element, string name) => double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);
        var bar = drawing.Descendants(Svg + "g").First().Elements(Svg + "rect").Single(rect => rect.Attribute("fill")!.Value == colour);
        var ends = Of(bar, "x") + Of(bar, "width");
        var now = drawing.Elements(Svg + "line").Single(line => line.Attribute("stroke-width")!.Value == "1.5");
        Assert.That(ends, Is.LessThan(paused ? 150 + 0.2 * (Of(now, "x1") - 150) : 153));
        Assert.That(Labels(drawing), Is.SupersetOf(new[] { "finished", "running", "paused", "failed" }), "the legend");
    }

    private static IEnumerable<string> Labels(XElement drawing) => drawing.Descendants(Svg + "text").Select(text => text.Value);

    private static IEnumerable<TestCaseData> Drawn()
    {
        yield return new TestCaseData("three", 30.0, new[] { Action("A", 40, 60, 120), Action("B", 20, 30, 60), Action("C", 60, 90, 150) }, 300.0);
        yield return new TestCaseData("thirty", 30.0, Enumerable.Range(0, 30).Select(i => Action($"move-pallet-to-position-{i}", 20 + i, 40 + i, 90 + 3 * i)).ToArray(), 600.0);
        yield return new TestCaseData("zero-width", 10.0, new[] { Action("A", 60, 60, 60), Action("B", 30, 30, 30), Action("C", 20, 20, 20) }, 70.0);
        yield return new TestCaseData("lease-now", 60.0, new[] { Action("A", 40, 60, 120), Action("B", 20, 30, 60) }, 61.0);
        yield return new TestCaseData("lease-far", 30.0, new[] { Action("A", 40, 60, 120) }, 36_000.0);
    }

    /// <summary>No text lies over another or leaves the drawing; each action has its lane.</summary>
    [TestCaseSource(nameof(Drawn))]
    public async Task Should_be_drawn_so_that_it_can_be_read(string name, double now, JsonObject[] actions, double leaseEnd)
    {
        var finished = name == "thirty" ? new[] { new ActionRecord("move-pallet-to-position-0", ActionStatus.Finished, 1, "drive", At(-50), At(0)) } : [];
        var id = await Offline(Document(actions), 5, finished);
        await host.Store(async db =>
        {
            db.Add(new GrantRow { ContractId = id, Epoch = 1, AsOf = 1, EndsAt = At(leaseEnd), SafeToReassignAt = At(leaseEnd) });
            await db.SaveChangesAsync();
        });
        host.Clock.Now = At(now);
        var drawing = await Drawing($"timeline-{name}", id);
        var texts = drawing.Descendants(Svg + "text").Select(text =>
        {
            double Number(string attribute) => double.Parse(text.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);
            var width = 7.0 * text.Value.Length;
            var left = Number("x") - (text.Attribute("text-anchor")!.Value switch { "end" => width, "middle" => width / 2, _ => 0 });
            return (text.Value, Left: left, Right: left + width, Y: Number("y"));
        }).ToList();
        foreach (var text in texts)
        {
            Assert.That((text.Left, text.Right), Is.EqualTo((Math.Max(0, text.Left), Math.Min(900, text.Right))), text.Value);
        }
        foreach (var (one, other) in texts.SelectMany((one, at) => texts.Skip(at + 1).Select(other => (one, other))))
        {
            Assert.That(Math.Abs(one.Y - other.Y) >= 12 || one.Right < other.Left || other.Right < one.Left, $"'{one.Value}' and '{other.Value}'");
        }
        Assert.That(drawing.Descendants(Svg + "g").Count(), Is.EqualTo(actions.Length));
        Assert.That(texts.Count(text => text.Value.StartsWith("now ") || text.Value.StartsWith("lease end ")), Is.EqualTo(2));
        Assert.That(drawing.Descendants(Svg + "rect").Select(rect => double.Parse(rect.Attribute("width")!.Value, CultureInfo.InvariantCulture)), Has.All.GreaterThanOrEqualTo(2));
    }
}
