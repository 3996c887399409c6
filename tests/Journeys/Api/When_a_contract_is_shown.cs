using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using ActionStatus = ExecutionManager.Domain.ActionStatus;
using DivergenceLevel = ExecutionManager.Domain.DivergenceLevel;
using ExecutionStatus = ExecutionManager.Domain.ExecutionStatus;
using FailureKind = ExecutionManager.Contracts.Messages.FailureKind;
using Intent = ExecutionManager.Contracts.Messages.Intent;

namespace ExecutionManager.Journeys.Tests;

[TestFixture, CancelAfter(10_000)]
public class When_a_contract_is_shown
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private ApiHost host = null!;

    [OneTimeSetUp]
    public async Task Run() => host = await ApiHost.Run();

    [SetUp]
    public void Reset() => host.Clock.Now = ApiHost.Start;

    [OneTimeTearDown]
    public async Task End() => await host.DisposeAsync();

    private static Guid Id(int number) => new($"0198f0c2-7c1e-7d3a-9a55-{number:D12}");

    /// <summary>a1 is finished, a2 has been running since 09:02:50.</summary>
    private static Execution Running() => Execution.None with
    {
        Seq = 4, Revision = 1, AcceptedSeq = 1, At = ApiHost.Start.AddSeconds(170), Status = ExecutionStatus.Executing, Position = [12.0, 3.5],
        Executed =
        [
            new ActionRecord("a1", ActionStatus.Finished, 1, "drive", ApiHost.Start.AddSeconds(100), ApiHost.Start.AddSeconds(170)),
            new ActionRecord("a2", ActionStatus.Running, 1, "pick", ApiHost.Start.AddSeconds(170), SeenAt: ApiHost.Start.AddSeconds(170), Progress: 0.2, RunningSince: ApiHost.Start.AddSeconds(170)),
        ],
    };

    private static void Accepted(ContractState saga, string state) =>
        (saga.CurrentState, saga.SentRevision, saga.AcceptedRevision, saga.AcceptedAt, saga.ConfirmedIntentVersion, saga.Connected, saga.ConnectionEpoch) =
        (state, 1, 1, ApiHost.Start.AddSeconds(90), 1, true, 1);

    [Test]
    public async Task Should_have_these_fields_and_no_others()
    {
        var failure = new Failure { Kind = FailureKind.OfflineTooLong, Detail = "no contact since 09:03:12", Certainty = Certainty.Projected, At = ApiHost.Start.AddMinutes(13) };
        await host.Seed(saga =>
        {
            Accepted(saga, "Projected");
            (saga.Version, saga.ChangedAt, saga.Execution, saga.Connected) = (7, ApiHost.Start.AddSeconds(192), Running(), false);
            saga.Deadlines = saga.Deadlines.With(DeadlineKind.Command, new(Id(8), ApiHost.Start.AddMinutes(30))).With(DeadlineKind.OfflineUntil, new(Id(9), ApiHost.Start.AddMinutes(13)));
            saga.Open = new OpenMatters
            {
                Recovery = new OpenRecovery(Id(3), failure, 1, null, false, null, []), Replan = new OpenReplan(Id(4), ReplanReason.Divergence, ApiHost.Start.AddMinutes(2)),
                Hold = new OpenHold(ApiHost.Start.AddMinutes(20), "lunch", "http"),
                Divergence = new Divergence(
                    DivergenceLevel.Minor, "flow", new FlowMeasure(0.25, 0.75, 0.5, ["a1"], [], null),
                    new TimeMeasure(0.4, null, "a2", ApiHost.Start.AddSeconds(180), ApiHost.Start.AddSeconds(210), ApiHost.Start.AddSeconds(222), TimeSpan.FromSeconds(12)),
                    new SpaceMeasure(null, "no path"), new DataMeasure(0, []), [new Domain.SeqRange(2, 3)], "a1 was skipped", ApiHost.Start.AddMinutes(1), 1,
                    IncorrectFor: TimeSpan.FromSeconds(7)),
            };
        }, Id(1), ApiHost.Document("T-1", "agv-1"));
        await host.Seed(saga =>
        {
            Accepted(saga, "Cancelled");
            (saga.Version, saga.Intent, saga.IntentVersion) = (9, Intent.Stop, 2);
            saga.Outcome = new(ContractStatus.Cancelled, ApiHost.Start.AddMinutes(14), OutcomeEvidence.LeaseEnd, null);
            saga.LateOutcome = new(ContractStatus.Completed, ApiHost.Start.AddMinutes(15), OutcomeEvidence.Device, null);
        }, Id(2), ApiHost.Document("T-2", "agv-2"));
        await host.Store(async db =>
        {
            db.Add(new GrantRow { ContractId = Id(1), Epoch = 1, AsOf = 1, EndsAt = ApiHost.Start.AddMinutes(12), SafeToReassignAt = ApiHost.Start.AddMinutes(13) });
            db.Add(new SampleRow { DeviceId = "agv-1", ContractId = Id(1), ActionId = "a2", Battery = 0.8, At = ApiHost.Start.AddSeconds(175), ReceivedAt = ApiHost.Start.AddSeconds(178) });
            await db.SaveChangesAsync();
        });
        host.Clock.Now = ApiHost.Start.AddSeconds(180);

        JsonArray shown = [(await host.Get($"/contracts/{Id(1)}")).Json, (await host.Get($"/contracts/{Id(2)}")).Json];
        Assert.That(shown.ToJsonString(Indented), Is.EqualTo((await File.ReadAllTextAsync(Golden())).Trim()));
    }

    private static string Golden([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "representation.json");

    // never pushed: confirmed; in doubt: inconclusive; Live: by what is heard of device and running action; terminal: by evidence
    [TestCase("AwaitingConnection", false, false, 0, "confirmed")]
    [TestCase("AwaitingConnection", true, false, 0, "inconclusive")]
    [TestCase("Pushing", true, false, 0, "inconclusive")]
    [TestCase("Live", true, true, 10, "confirmed")]
    [TestCase("Reconciled", true, true, 10, "confirmed")]
    [TestCase("Live", true, true, 16, "projected")]
    [TestCase("Live", true, true, 120, "inconclusive")]
    [TestCase("Projected", true, true, 10, "projected")]
    [TestCase("Recovering", true, true, 10, "confirmed")]
    [TestCase("Recovering", true, true, 16, "projected")]
    [TestCase("Stopping", true, true, 10, "confirmed")]
    public async Task Should_say_how_certain_it_is(string state, bool sent, bool accepted, int silentFor, string certainty)
    {
        var device = $"d-{Guid.NewGuid():N}";
        var id = await host.Seed(saga =>
        {
            Accepted(saga, state);
            (saga.SentRevision, saga.AcceptedRevision, saga.Execution) = (sent ? 1 : 0, accepted ? 1 : 0, accepted ? Running() : Execution.None);
        }, document: ApiHost.Document(deviceId: device));
        host.Clock.Now = ApiHost.Start.AddSeconds(170);
        await host.Connect(device);
        host.Clock.Now += TimeSpan.FromSeconds(silentFor);
        var shown = (await host.Get($"/contracts/{id}")).Json;
        Assert.That(shown["certainty"]!.GetValue<string>(), Is.EqualTo(certainty));
        Assert.That(shown["connected"]!.GetValue<bool>(), Is.EqualTo(silentFor <= 15));
        Assert.That(shown["projection"] is not null, Is.EqualTo(accepted && certainty != "confirmed"));
        Assert.That(shown["reported"] is not null, Is.EqualTo(accepted));
    }

    // What stands still says nothing new, and moves on no further.
    [TestCase("paused", "confirmed")]
    [TestCase("fault", "confirmed")]
    [TestCase("progress", "inconclusive")]
    public async Task Should_want_fresh_evidence_only_of_an_action_that_goes_on(string last, string certainty)
    {
        var device = $"d-{Guid.NewGuid():N}";
        var id = await host.Seed(saga =>
        {
            Accepted(saga, "Escalated");
            var running = Running();
            saga.Execution = last == "progress" ? running : running.Apply(new(running.Seq + 1, 1, running.At!.Value, last));
        }, document: ApiHost.Document(deviceId: device));
        host.Clock.Now = ApiHost.Start.AddSeconds(290);
        await host.Connect(device);
        var shown = (await host.Get($"/contracts/{id}")).Json;
        Assert.That((shown["certainty"]!.GetValue<string>(), shown["projection"] is null), Is.EqualTo((certainty, certainty == "confirmed")));
    }

    [TestCase(OutcomeEvidence.Device, "confirmed")]
    [TestCase(OutcomeEvidence.Operator, "confirmed")]
    [TestCase(OutcomeEvidence.LeaseEnd, "inconclusive")]
    public async Task Should_be_as_certain_of_its_end_as_the_evidence(OutcomeEvidence evidence, string certainty)
    {
        var id = await host.Seed(saga =>
        {
            Accepted(saga, "Aborted");
            saga.Outcome = new(ContractStatus.Aborted, ApiHost.Start, evidence, null);
        });
        var shown = (await host.Get($"/contracts/{id}")).Json;
        Assert.That(shown["certainty"]!.GetValue<string>(), Is.EqualTo(certainty));
        Assert.That(shown["projection"], Is.Null);
    }

    [TestCase("AwaitingConnection", false, 304)]
    [TestCase("Pushing", true, 200)]
    [TestCase("Live", true, 200)]
    [TestCase("Completed", true, 304)]
    public async Task Should_only_be_unchanged_where_nothing_but_a_transition_changes_it(string state, bool pushed, int status)
    {
        var id = await host.Seed(saga => (saga.CurrentState, saga.SentRevision, saga.Version) = (state, pushed ? 1 : 0, 3));
        var first = await host.Get($"/contracts/{id}");
        Assert.That(first.Headers.ETag!.ToString(), Is.EqualTo("W/\"3\""));
        Assert.That((await host.Get($"/contracts/{id}", "\"1\", W/\"3\"")).Status, Is.EqualTo(status));
        Assert.That((await host.Get($"/contracts/{id}", "W/\"2\"")).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Should_be_projected_for_another_instant()
    {
        var id = await host.Seed(saga =>
        {
            Accepted(saga, "Live");
            saga.Execution = Running();
        });
        var shown = (await host.Get($"/contracts/{id}?at=2026-11-24T09:03:05Z")).Json;
        Assert.That(shown["projection"]!["at"]!.GetValue<string>(), Is.EqualTo("2026-11-24T09:03:05Z"));
        Assert.That(shown["certainty"]!.GetValue<string>(), Is.EqualTo("projected"));
        Assert.That((await host.Get($"/contracts/{id}?at=2026-11-24T09:02:50Z")).Json["projection"]!["at"]!.GetValue<string>(), Is.EqualTo("2026-11-24T09:02:50Z"), "the evidence");
        foreach (var refused in new[] { await host.Get($"/contracts/{id}?at=soon"), await host.Get($"/contracts/{id}?at=2026-11-24T09:02:49Z"), await host.Get($"/contracts/{id}/timeline?at=2026-11-24T09:02:49Z") })
        {
            Assert.That((refused.Problem, refused.Errors.Single()), Is.EqualTo(("400 validation", "at")));
        }
    }

    // Values of 400,000 draws for a contract whose first action was last seen 30 s or 75 s after its start.
    [TestCase(30, 60, ".632 .368 0 0", 158.8, 194.0, 234.6)]
    [TestCase(30, 100, ".016 .453 .532 0", 158.8, 194.0, 234.6)]
    [TestCase(30, 200, "0 0 .401 .599", 158.8, 194.0, 234.6)]
    [TestCase(75, 80, ".681 .319 0 0", 182.9, 212.6, 247.6)]
    [TestCase(75, 100, ".057 .929 .014 0", 182.9, 212.6, 247.6)]
    [TestCase(75, 200, "0 0 .735 .265", 182.9, 212.6, 247.6)]
    public async Task Should_say_how_probable_what_is_at_any_instant(double seen, double at, string expected, params double[] quantiles)
    {
        var document = ApiHost.Document();
        document["actions"] = JsonNode.Parse("""
            [{"actionId":"A","actionType":"drive","duration":{"min":"PT40S","mode":"PT60S","max":"PT120S"}},
             {"actionId":"B","actionType":"drive","duration":{"min":"PT20S","mode":"PT30S","max":"PT60S"}},
             {"actionId":"C","actionType":"drive","duration":{"min":"PT60S","mode":"PT90S","max":"PT150S"}}]
            """);
        var id = await host.Seed(saga =>
        {
            Accepted(saga, "Projected");
            saga.Execution = Execution.None with
            {
                Seq = 2, Revision = 1, AcceptedSeq = 1, At = ApiHost.Start.AddSeconds(seen), Status = ExecutionStatus.Executing,
                Executed = [new ActionRecord("A", ActionStatus.Running, 1, "drive", ApiHost.Start, SeenAt: ApiHost.Start.AddSeconds(seen), RunningSince: ApiHost.Start)],
            };
        }, document: document);
        var projection = (await host.Get($"/contracts/{id}?at={ApiHost.Start.AddSeconds(at):yyyy-MM-ddTHH:mm:ss}Z")).Json["projection"]!;
        var known = expected.Split(' ').Select(word => double.Parse("0" + word, System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        Assert.That(projection["actions"]!.AsArray().Select(action => action!["probability"]!.GetValue<double>()).Append(projection["finished"]!.GetValue<double>()), Is.EqualTo(known).Within(0.01));
        var finish = new[] { "q05", "q50", "q95" }.Select(name => (projection["finish"]![name]!.GetValue<DateTimeOffset>() - ApiHost.Start).TotalSeconds);
        Assert.That(finish, Is.EqualTo(quantiles).Within(1));
    }

    [Test]
    public async Task Should_be_found_or_not() => Assert.That((await host.Get($"/contracts/{Guid.NewGuid()}")).Problem, Is.EqualTo("404 not-found"));
}
