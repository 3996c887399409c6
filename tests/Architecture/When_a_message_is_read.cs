using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using MassTransit.Serialization;

namespace ExecutionManager.Architecture.Tests;

public sealed class When_a_message_is_read
{
    private static readonly JsonSerializerOptions Bus = SystemTextJsonMessageSerializer.Options;

    [Test]
    public void Should_ignore_unknown_fields()
    {
        var json = JsonNode.Parse(File.ReadAllText(Repository.Golden(nameof(PlanKept))))!;
        json["confidence"] = 0.9;

        Assert.That(json.Deserialize<PlanKept>(Bus), Is.EqualTo(Samples.All.OfType<PlanKept>().Single()));
    }

    [Test]
    public void Should_name_every_missing_required_field()
    {
        var error = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<RecoveryDecided>("""{"strategy":"retry"}""", Bus));

        Assert.That(error!.Message, Does.Contain("contractId").And.Contain("recoveryId").And.Contain("reason"));
    }

    [Test]
    public void Should_leave_missing_fields_of_an_assigned_document_to_the_validation()
    {
        var read = JsonSerializer.Deserialize<TaskAssigned>("""{"task":{},"actions":[{"duration":{}}],"scope":{}}""", Bus)!;

        Assert.That(read.ContractId, Is.Null);
        Assert.That(read.Actions!.Single().Duration!.Min, Is.Null);
    }

    [Test]
    public void Should_keep_ids_that_differ_in_case_apart()
    {
        var read = JsonSerializer.Deserialize<DeviceSnapshot>(
            """{"at":"2026-11-24T09:00:00Z","status":"executing","actions":{"a1":{"status":"finished"},"A1":{"status":"running"}}}""",
            Bus)!;

        Assert.That(read.Actions.Keys, Is.EqualTo(new[] { "a1", "A1" }));
        Assert.That(read.Actions.ContainsKey("a1 "), Is.False);
    }

    [Test]
    public void Should_refuse_a_wrong_type_with_its_place()
    {
        var error = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<TelemetryReported>(
            """{"samples":[{"deviceId":7}]}""", WireJson.Options));

        Assert.That(error!.Path, Is.EqualTo("$.samples[0].deviceId"));
    }

    [Test]
    public void Should_refuse_null_for_a_required_value() =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<TaskAccepted>(
            """{"contractId":"0198f0c2-7c1e-7d3a-9a55-1b2f6b0a4c11","taskId":null}""", WireJson.Options));

    [Test]
    public void Should_assign_exactly_the_contract_document()
    {
        Assert.That(Shape<TaskAssigned>(), Is.EqualTo(Shape<ContractDocument>()));

        var assigned = Samples.All.OfType<TaskAssigned>().Single() with { Revision = 2, FencingToken = 3, PlannedAtSeq = 4 };
        Assert.That(TaskAssigned.From(assigned.ToDocument()), Is.EqualTo(assigned));

        static IEnumerable<string> Shape<T>() =>
            MessageTypes.Properties(typeof(T)).Select(property => $"{property.PropertyType} {property.Name}");
    }
}
