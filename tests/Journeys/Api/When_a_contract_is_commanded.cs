using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Sagas;

namespace ExecutionManager.Journeys.Tests;

[TestFixture, CancelAfter(60_000)]
public class When_a_contract_is_commanded
{
    private ApiHost host = null!;

    [OneTimeSetUp]
    public async Task Run() => host = await ApiHost.Run();

    [OneTimeTearDown]
    public async Task End() => await host.DisposeAsync();

    private static JsonObject Body(string json) => JsonNode.Parse(json)!.AsObject();

    private async Task<string> Waiting()
    {
        var location = (await host.Post("/contracts", ApiHost.Document())).Headers.Location!.ToString();
        await host.Until(location, contract => contract["status"]!.GetValue<string>() == "awaitingConnection");
        return location;
    }

    private Task<Guid> Seed(string state, bool accepted = true, string device = "nobody") => host.Seed(
        saga => (saga.CurrentState, saga.SentRevision, saga.AcceptedRevision, saga.AcceptedAt, saga.ConfirmedIntentVersion, saga.Connected, saga.Version) =
            (state, accepted ? 1 : 0, accepted ? 1 : 0, accepted ? ApiHost.Start : null, 1, true, 4),
        document: ApiHost.Document(deviceId: device));

    [Test]
    public async Task Should_do_as_it_is_told()
    {
        var contract = await Waiting();
        Assert.That((await host.Post($"{contract}/hold", Body("""{ "reason": "lunch", "until": "2026-11-24T10:00:00Z", "expectedVersion": 1 }"""))).Status, Is.EqualTo(202));
        var held = await host.Until(contract, one => one["status"]!.GetValue<string>() == "held");
        Assert.That(held["hold"]!.ToJsonString(), Is.EqualTo("""{"until":"2026-11-24T10:00:00Z","reason":"lunch","requestedBy":"http"}"""));
        Assert.That(held["desired"]!["intent"]!.GetValue<string>(), Is.EqualTo("hold"));

        Assert.That((await host.Post($"{contract}/resume", Body("""{ "reason": "lunch is over" }"""))).Status, Is.EqualTo(202));
        await host.Until(contract, one => one["status"]!.GetValue<string>() == "awaitingConnection");

        var accepted = await host.Post($"{contract}/cancel", Body("""{ "reason": "no longer needed" }"""));
        Assert.That((accepted.Status, accepted.Json["contractId"]!.GetValue<string>()), Is.EqualTo((202, contract[11..])));
        var cancelled = await host.Until(contract, one => one["status"]!.GetValue<string>() == "cancelled");
        Assert.That(cancelled["outcome"]!["evidence"]!.GetValue<string>(), Is.EqualTo("operator"), "it was never sent, so no device can tell");
        Assert.That((await host.Post($"{contract}/cancel", Body("""{ "reason": "again" }"""))).Json["state"]!.GetValue<string>(), Is.EqualTo("cancelled"));

        var history = (await host.Get($"{contract}/history")).Json["items"]!.AsArray();
        Assert.That(history.Select(item => item!["to"]!.GetValue<string>()), Is.EqualTo(new[] { "awaitingConnection", "held", "awaitingConnection", "stopping", "cancelled" }));
    }

    [TestCase("hold", """{ "until": "tomorrow", "expectedVersion": "4" }""", "until expectedVersion reason")]
    [TestCase("hold", """{ "reason": "now", "until": "2026-11-24T08:59:59Z" }""", "until")]
    [TestCase("cancel", """{ "reason": " " }""", "reason")]
    [TestCase("cancel", null, "reason")]
    [TestCase("resume", """{ "reason": 5 }""", "reason")]
    [TestCase("escalation", """{ "escalationId": "x", "strategy": "shrug", "attestedStopped": "yes", "mayRepeat": 1 }""", "escalationId strategy attestedStopped mayRepeat reason")]
    [TestCase("reconcile", """{ "attested": { "actions": {} }, "expectedVersion": -1 }""", "attested.at reason expectedVersion")]
    [TestCase("reconcile", """{ "attested": { "at": "2099-01-01T00:00:00Z", "actions": { "a1": { "status": "gone" }, "a2": { "progress": 2 } }, "status": "well", "position": [1] }, "reason": "seen" }""",
        "attested.at attested.actions.a1.status attested.actions.a2.status attested.actions.a2.progress attested.status attested.position")]
    [TestCase("reconcile", """{ "attested": { "at": "2026-11-24T08:00:00Z", "actions": { "b7": { "status": "finished" } } }, "reason": "seen" }""", "attested.actions.b7")]
    [TestCase("reconcile", """{ "attested": { "at": "2026-11-24T08:00:00Z", "actions": { "a1": { "status": "failed" } }, "status": "completed" }, "reason": "seen" }""", "attested.actions.a1.status")]
    [TestCase("reconcile", """{ "attested": 5, "reason": "seen" }""", "attested.$ attested.at attested.actions")]
    public async Task Should_say_every_fault_at_once(string verb, string? body, string fields)
    {
        var refused = await host.Post($"/contracts/{await Seed("Live")}/{verb}", body is null ? null : Body(body));
        Assert.That(refused.Problem, Is.EqualTo("400 validation"));
        Assert.That(refused.Errors, Is.EquivalentTo(fields.Split(' ')));
    }

    [TestCase("cancel", "Completed")]
    [TestCase("hold", "Stopping")]
    [TestCase("hold", "Aborted")]
    [TestCase("hold", "Escalated")]
    [TestCase("escalation", "Live")]
    [TestCase("resume", "Live")]
    [TestCase("reconcile", "Cancelled")]
    [TestCase("reconcile", "Preparing")]
    public async Task Should_name_the_state_that_forbids_it(string verb, string state)
    {
        var refused = await host.Post($"/contracts/{await Seed(state, accepted: state != "Preparing")}/{verb}", Body("""{ "reason": "because", "escalationId": "0198f0c4-1a2b-7c3d-8e4f-5a6b7c8d9e0f" }"""));
        Assert.That(refused.Problem, Is.EqualTo("409 state-forbids"));
        Assert.That(refused.Json["state"]!.GetValue<string>(), Is.EqualTo(char.ToLowerInvariant(state[0]) + state[1..]));
    }

    [Test]
    public async Task Should_carry_out_what_an_operator_decides()
    {
        var escalation = Guid.NewGuid();
        var id = await host.Seed(saga =>
        {
            (saga.CurrentState, saga.SentRevision, saga.AcceptedRevision, saga.AcceptedAt, saga.Intent, saga.Version) = ("Escalated", 1, 1, ApiHost.Start, Intent.Hold, 4);
            var failure = new Failure { Kind = FailureKind.OfflineTooLong, Detail = "no contact", Certainty = Certainty.Projected, At = ApiHost.Start };
            saga.Open = saga.Open with { Escalation = new OpenEscalation(escalation, null), Recovery = new OpenRecovery(Guid.NewGuid(), failure, 3, null, false, null, []) };
        });
        var shown = (await host.Get($"/contracts/{id}")).Json;
        Assert.That(shown["status"]!.GetValue<string>(), Is.EqualTo("escalated"));
        Assert.That(shown["escalation"]!["allowedStrategies"]!.AsArray().Select(one => one!.GetValue<string>()), Is.EqualTo(new[] { "retry", "reassign", "hold", "abort" }));

        Task<Reply> Answer(Guid to, string rest) => host.Post($"/contracts/{id}/escalation", Body($$"""{ "escalationId": "{{to}}", "reason": "seen on site", {{rest}} }"""));
        Assert.That((await Answer(Guid.NewGuid(), "\"strategy\": \"abort\"")).Problem, Is.EqualTo("409 state-forbids"), "another escalation");
        Assert.That((await Answer(escalation, "\"strategy\": \"retry\"")).Errors, Is.EqualTo(new[] { "mayRepeat" }), "nobody knows what was done");
        Assert.That((await Answer(escalation, "\"attestedStopped\": true")).Errors, Is.EqualTo(new[] { "strategy" }), "no stop waits for it");
        Assert.That((await Answer(escalation, "\"strategy\": \"retry\", \"mayRepeat\": true, \"attestedStopped\": true")).Errors, Is.EqualTo(new[] { "attestedStopped" }), "a retry waits for no standstill");
        Assert.That((await Answer(escalation, "\"strategy\": \"abort\", \"until\": \"2099-01-01T00:00:00Z\"")).Errors, Is.EqualTo(new[] { "until" }), "only a hold ends by itself");
        Assert.That((await Answer(escalation, "\"strategy\": \"hold\", \"until\": \"2020-01-01T00:00:00Z\"")).Errors, Is.EqualTo(new[] { "until" }), "it is over");
        Assert.That((await Answer(escalation, "\"strategy\": \"abort\", \"expectedVersion\": 3")).Problem, Is.EqualTo("412 version-mismatch"));
        Assert.That((await Answer(escalation, "\"strategy\": \"abort\", \"attestedStopped\": true, \"expectedVersion\": 4")).Status, Is.EqualTo(202));

        var aborted = await host.Until($"/contracts/{id}", one => one["status"]!.GetValue<string>() == "aborted");
        Assert.That((aborted["outcome"]!["evidence"]!.GetValue<string>(), aborted["certainty"]!.GetValue<string>()), Is.EqualTo(("operator", "confirmed")));
        var last = (await host.Get($"/contracts/{id}/history")).Json["items"]!.AsArray();
        Assert.That(last.Select(item => item!["cause"]!.GetValue<string>()), Is.EqualTo(new[] { "decided", "attested" }));
        Assert.That(last[0]!["evidence"]!.ToJsonString(), Does.Contain("\"by\":\"http\"").And.Contain("\"attestedStopped\":true").And.Contain("seen on site"));
    }

    [Test]
    public async Task Should_tell_who_asked_and_until_when()
    {
        async Task<Guid> Escalated(Guid escalation) => await host.Seed(saga =>
        {
            (saga.CurrentState, saga.SentRevision, saga.AcceptedRevision, saga.AcceptedAt, saga.Intent) = ("Escalated", 1, 1, ApiHost.Start, Intent.Hold);
            var failure = new Failure { Kind = FailureKind.ActionFailed, Detail = "blocked", Certainty = Certainty.Confirmed, At = ApiHost.Start };
            saga.Open = saga.Open with { Escalation = new OpenEscalation(escalation, null), Recovery = new OpenRecovery(Guid.NewGuid(), failure, 3, null, false, null, []) };
        });

        var escalation = Guid.NewGuid();
        var decided = await Escalated(escalation);
        Assert.That((await host.Post($"/contracts/{decided}/escalation", Body($$"""{ "escalationId": "{{escalation}}", "strategy": "hold", "until": "2099-01-01T00:00:00Z", "reason": "lunch" }"""))).Status, Is.EqualTo(202));
        var held = (await host.Until($"/contracts/{decided}", one => one["status"]!.GetValue<string>() == "held"));
        Assert.That(held["hold"]!.ToJsonString(), Is.EqualTo("""{"until":"2099-01-01T00:00:00Z","reason":"lunch","requestedBy":"http"}"""));

        var live = await Seed("Live");
        Assert.That((await host.Post($"/contracts/{live}/hold", Body("""{ "reason": "lunch" }"""))).Status, Is.EqualTo(202));
        await host.Until($"/contracts/{live}", one => one["status"]!.GetValue<string>() == "held");
        Assert.That((await host.Post($"/contracts/{live}/cancel", Body("""{ "reason": "too late" }"""))).Status, Is.EqualTo(202));
        await host.Until($"/contracts/{live}", one => one["status"]!.GetValue<string>() == "stopping");
        var history = (await host.Get($"/contracts/{live}/history")).Json["items"]!.AsArray();
        Assert.That(history.Select(item => item!["evidence"]!.ToJsonString()), Is.EqualTo(new[] { """{"reason":"lunch","requestedBy":"http"}""", """{"reason":"too late","requestedBy":"http"}""" }));
    }

    [Test]
    public async Task Should_refuse_another_version_than_the_expected([Values("cancel", "hold", "reconcile")] string verb)
    {
        var refused = await host.Post($"/contracts/{await Seed("Live")}/{verb}", Body("""{ "reason": "because", "expectedVersion": 3 }"""));
        Assert.That(refused.Problem, Is.EqualTo("412 version-mismatch"));
        Assert.That(refused.Json["version"]!.GetValue<int>(), Is.EqualTo(4));
    }

    [Test]
    public async Task Should_not_find_what_is_not_there([Values("cancel", "hold", "resume", "reconcile", "escalation")] string verb) =>
        Assert.That((await host.Post($"/contracts/{Guid.NewGuid()}/{verb}", Body("""{ "reason": "because", "escalationId": "0198f0c4-1a2b-7c3d-8e4f-5a6b7c8d9e0f" }"""))).Problem, Is.EqualTo("404 not-found"));

    private static JsonObject Attested(string actions, string? status = null) => Body($$"""
        { "attested": { "at": "2026-11-24T09:00:00Z", "actions": {{actions}}{{(status is null ? "" : $", \"status\": \"{status}\"")}} }, "reason": "I stand beside it" }
        """);

    [Test]
    public async Task Should_take_an_operators_word_for_a_device_that_is_away()
    {
        async Task<string> Away(string device) => $"/contracts/{await host.Seed(saga =>
            (saga.CurrentState, saga.SentRevision, saga.AcceptedRevision, saga.AcceptedAt, saga.Version) = ("Projected", 1, 1, ApiHost.Start, 4), document: ApiHost.Document(deviceId: device))}";

        var contract = await Away("away");
        var accepted = await host.Post($"{contract}/reconcile", Attested("""{ "a1": { "status": "finished" }, "a2": { "status": "running", "progress": 0.5 } }"""));
        Assert.That(accepted.Status, Is.EqualTo(202), accepted.Text);
        var done = await host.Until(accepted.Headers.Location!.ToString(), one => one["status"]!.GetValue<string>() != "pending");
        Assert.That((done["status"]!.GetValue<string>(), done["report"]!["level"]!.GetValue<string>()), Is.EqualTo(("done", "consistent")));
        var shown = (await host.Get(contract)).Json;
        Assert.That((shown["status"]!.GetValue<string>(), shown["version"]!.GetValue<int>()), Is.EqualTo(("projected", 6)));
        Assert.That(shown["attested"]!.ToJsonString(), Is.EqualTo("""{"at":"2026-11-24T09:00:00Z","by":"http","reason":"I stand beside it"}"""));
        Assert.That(shown["actual"]!["actions"]!["a1"]!["status"]!.GetValue<string>(), Is.EqualTo("finished"));
        Assert.That((shown["reported"]!["seq"]!.GetValue<int>(), shown["projection"]!["currentAction"]!.GetValue<string>()), Is.EqualTo((0, "a2")));
        var history = (await host.Get($"{contract}/history")).Json["items"]!.AsArray().Where(item => item!["to"] is not null).ToList();
        Assert.That(history.Select(item => $"{item!["to"]} {item["cause"]}"), Is.EqualTo(new[] { "reconciled attested", "projected attested" }));
        Assert.That(history[0]!["evidence"]!["attested"]!["by"]!.GetValue<string>(), Is.EqualTo("http"));

        var ended = await Away("gone");
        Assert.That((await host.Post($"{ended}/reconcile", Attested("""{ "a1": { "status": "finished" }, "a2": { "status": "finished" } }""", "completed"))).Status, Is.EqualTo(202));
        var outcome = (await host.Until(ended, one => one["outcome"] is not null))["outcome"]!;
        Assert.That((outcome["status"]!.GetValue<string>(), outcome["evidence"]!.GetValue<string>()), Is.EqualTo(("completed", "operator")));

        await host.Connect("here");
        Assert.That((await host.Post($"{await Away("here")}/reconcile", Attested("{}"))).Status, Is.EqualTo(202), "the machine has not heard of it yet");
        var live = await Seed("Live", device: "elsewhere");
        Assert.That((await host.Post($"/contracts/{live}/reconcile", Attested("{}"))).Problem, Is.EqualTo("409 state-forbids"));
    }

    [Test]
    public async Task Should_only_ask_a_connected_device_for_its_actuals()
    {
        Assert.That((await host.Post($"/contracts/{await Seed("Live")}/reconcile", null)).Problem, Is.EqualTo("409 not-connected"));

        await host.Connect("present");
        var id = await Seed("Live", device: "present");
        var asked = await host.Post($"/contracts/{id}/reconcile", null);
        Assert.That(asked.Status, Is.EqualTo(202));
        var reconciliation = asked.Headers.Location!.ToString();
        var pending = (await host.Get(reconciliation)).Json;
        Assert.That(reconciliation, Is.EqualTo($"/contracts/{id}/reconciliations/{pending["reconciliationId"]}"));
        Assert.That(pending.AsObject().Select(field => field.Key), Is.EqualTo(new[] { "reconciliationId", "status", "requestedAt" }));
        Assert.That(pending["status"]!.GetValue<string>(), Is.EqualTo("pending"));

        // The machine has heard it and waits for the actuals.
        await host.Until($"/contracts/{id}", contract => contract["deadline"] is not null);
        Assert.That((await host.Get($"/contracts/{Guid.NewGuid()}/reconciliations/{pending["reconciliationId"]}")).Problem, Is.EqualTo("404 not-found"));
    }
}
