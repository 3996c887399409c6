using System.Text;
using System.Text.Json;
using CsCheck;
using ExecutionManager.Adapters;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Simulation;

namespace ExecutionManager.World.Tests;

public class When_a_device_message_is_translated
{
    private static readonly DateTimeOffset ReceivedAt = new(2026, 11, 24, 9, 0, 1, TimeSpan.Zero);

    private const string Times = """ "connectionEpoch":7,"sentAt":"2026-11-24T09:00:00Z","uptimeMs":123456 """;

    private const string Entry = """{"seq":1,"revision":1,"at":"2026-11-24T09:00:00Z","type":"actionStarted","actionId":"a1"}""";

    [Test]
    public void Should_understand_everything_a_device_says()
    {
        var bench = Bench.Connected(script: DeviceScript.Seeded(3, 0.5));
        bench.Push(Bench.Contract());
        bench.Run(60);
        bench.Want("hold", 2);
        bench.Run(60);
        bench.Report(1);
        bench.Report(1, Bench.C2);
        bench.Cut();
        bench.Connect();
        bench.Sent.Add(bench.Device.Will);
        bench.Sent.AddRange(bench.Device.Disconnect(bench.Now, clean: true));

        var read = bench.Sent.Select(m => Upward.Read(m.Topic, m.Payload, retained: false, ReceivedAt)).ToArray();
        Assert.That(read.Where(r => r.IsRejected).Select(r => r.Rejection), Is.Empty);
        Assert.That(read.Select(r => r.Message!.GetType().Name).Distinct(), Is.EquivalentTo(new[]
        {
            nameof(DeviceConnected), nameof(DeviceDisconnected), nameof(ContractAcknowledged),
            nameof(DesiredAcknowledged), nameof(ExecutionReported), nameof(TelemetryReported),
        }));
    }

    [Test]
    public void Should_carry_every_field_of_a_journal()
    {
        var bench = Bench.Connected();
        bench.Push(Bench.Contract());
        bench.Run(70);
        bench.Report(1);
        var report = (ExecutionReported)Upward.Read(bench.Sent[^1].Topic, bench.Sent[^1].Payload, false, ReceivedAt).Message!;

        Assert.That(report.Entries.Select(e => (e.Seq, e.Revision, e.Type, e.ActionId, e.At.UtcDateTime)), Is.EqualTo(
            bench.View().Journal.Select(e => (e.Seq, (int)e.Revision, e.Type, e.ActionId, e.At))));
        Assert.That(report.Tail, Is.EqualTo(4));
        Assert.That(report.ReceivedAt, Is.EqualTo(ReceivedAt));
        Assert.That(report.UptimeMs, Is.EqualTo(bench.AsOf));
        Assert.That(report.Snapshot!.Actions["a2"].Status, Is.EqualTo(ActionStatus.Running));
        Assert.That(report.Snapshot.Position, Is.EqualTo(new[] { 10.0, 0.0 }).Within(0.01));
    }

    [Test]
    public void Should_tell_a_retained_birth_from_a_sign_of_life([Values] bool retained)
    {
        var birth = new Bench().Device.Connect(ReceivedAt)[0];
        var connected = (DeviceConnected)Upward.Read(birth.Topic, birth.Payload, retained, ReceivedAt).Message!;
        Assert.That(connected.Retained, Is.EqualTo(retained));
    }

    [TestCase("offline", DisconnectReason.Clean)]
    [TestCase("connectionBroken", DisconnectReason.Lost)]
    public void Should_tell_a_clean_end_from_a_loss(string state, DisconnectReason reason)
    {
        var read = Read("connection", """{"state":"STATE",TIMES}""".Replace("STATE", state, StringComparison.Ordinal));
        Assert.That(((DeviceDisconnected)read.Message!).Reason, Is.EqualTo(reason));
    }

    [TestCase("connection", """{"state":"online",TIMES,"reportInterval":"PT5S","capabilities":{"evidence":"journal"},"contracts":[]}""", "capabilities.lease is missing.")]
    [TestCase("connection", """{"state":"gone",TIMES}""", "state must be online, offline or connectionBroken.")]
    [TestCase("connection", """{"state":"offline","connectionEpoch":7,"uptimeMs":1}""", "sentAt is missing.")]
    [TestCase("connection", """{"state":"online",TIMES,"reportInterval":"P1M","capabilities":{"evidence":"journal","lease":"none"},"contracts":[]}""", "reportInterval is wrong")]
    [TestCase("contract/ack", """{"contractId":"CONTRACT","revision":1,"contentHash":"x","accepted":"yes",TIMES}""", "accepted must be true or false.")]
    [TestCase("desired/ack", """{"contractId":"agv","intentVersion":1,"result":"done",TIMES}""", "contractId must be a UUID.")]
    [TestCase("desired/ack", """{"contractId":"CONTRACT","intentVersion":1.5,"result":"done",TIMES}""", "intentVersion must be an integer")]
    [TestCase("desired/ack", """{"contractId":"CONTRACT","intentVersion":1,"result":"perhaps",TIMES}""", "result is wrong: 'perhaps' is not one of: done, refused, unknownContract")]
    [TestCase("journal", """{"contractId":"CONTRACT","entries":[ENTRY,{"seq":0}],"tail":2,TIMES}""", "entries[1].seq must be an integer from 1")]
    [TestCase("journal", """{"contractId":"CONTRACT","entries":[7],"tail":2,TIMES}""", "entries[0] must be an object.")]
    [TestCase("telemetry", """{"at":"2026-11-24T09:00:00Z","progress":1.2,TIMES}""", "progress must be a number from 0 to 1.")]
    [TestCase("telemetry", """{"at":"2026-11-24T09:00:00Z","position":[1],TIMES}""", "position must be two or three numbers.")]
    [TestCase("telemetry", """{"at":"2026-11-24T09:00:00Z","values":{"x":1e999},TIMES}""", "values.x is too large.")]
    [TestCase("telemetry", """{"at":"2026-11-24T09:00:00Z","values":{"x":"a\u0000b"},TIMES}""", "values.x contains U+0000.")]
    [TestCase("telemetry", """{"at":"2026-11-24T09:00:00Z","values":{"y":[{"a\u0000b":1}]},TIMES}""", "values.y[0] has a name that contains U+0000.")]
    [TestCase("journal", """{"contractId":"CONTRACT","entries":[ENTRY,{"seq":2,"data":{"detail":"\u0000"}}],"tail":2,TIMES}""", "entries[1].data.detail contains U+0000.")]
    [TestCase("telemetry", """{"at":"2026-11-24T09:00:00Z","values":{"x":"\ud800"},TIMES}""", "The body is not JSON in UTF-8.")]
    [TestCase("telemetry", """{"at":"9999-11-24T09:00:00Z",TIMES}""", "at must lie between 1970 and 2200.")]
    [TestCase("telemetry", """{"at":"2026-11-24T09:00:00Z","connectionEpoch":7,"sentAt":"2026-11-24T09:00:00Z","uptimeMs":9223372036854775807}""", "uptimeMs must be an integer from 0")]
    [TestCase("telemetry", "[]", "The body must be an object.")]
    [TestCase("telemetry", "", "The body is not JSON in UTF-8")]
    [TestCase("telemetry", "{\"at\":", "The body is not JSON in UTF-8")]
    [TestCase("telemetry", """{"uptimeMs":1,"uptimeMs":2}""", "The body is not JSON in UTF-8 with each name once: Duplicate property 'uptimeMs'")]
    [TestCase("telemetry", """{"at":"yesterday",TIMES}""", "at is wrong: ")]
    public void Should_name_what_is_wrong(string topic, string body, string detail)
    {
        var read = Read(topic, body);

        Assert.That(read.Rejection?.Reason, Is.EqualTo("malformed"));
        Assert.That(read.Rejection!.Detail, Does.StartWith(detail).And.EndWith(".").And.Not.EndWith(".."));
        Assert.That(read.Rejection.Answer!.DeviceId, Is.EqualTo("agv-17"));
    }

    [Test]
    public void Should_ignore_unknown_fields_and_take_null_for_absent()
    {
        var read = Read("telemetry", """{"at":"2026-11-24T09:00:00Z","progress":null,"colour":"red",TIMES}""");
        Assert.That(((TelemetryReported)read.Message!).Samples[0].Progress, Is.Null);
    }

    [Test]
    public void Should_read_no_more_than_a_hundred_entries()
    {
        var entries = string.Join(',', Enumerable.Repeat(Entry, 101));
        var read = Read("journal", """{"contractId":"CONTRACT","entries":[ALL],"tail":101,TIMES}""".Replace("ALL", entries, StringComparison.Ordinal));
        Assert.That(read.Rejection?.Detail, Is.EqualTo("entries must have at most 100 items."));
    }

    [TestCase("em/v1/agv-17/telemetry/x", "unknownTopic", true)]
    [TestCase("em/v1/agv-17/desired", "unknownTopic", true)]
    [TestCase("em/v2/agv-17/telemetry", "unknownTopic", false)]
    [TestCase("em/v1/agv-17", "unknownTopic", false)]
    [TestCase("em/v1/a b/telemetry", "invalidDeviceId", false)]
    [TestCase("em/v1//telemetry", "unknownTopic", false)]
    [TestCase("", "unknownTopic", false)]
    public void Should_reject_topics_that_are_not_a_devices(string topic, string reason, bool answered)
    {
        var read = Upward.Read(topic, Encoding.UTF8.GetBytes("{}"), false, ReceivedAt);
        Assert.That(read.Rejection?.Reason, Is.EqualTo(reason));
        Assert.That(read.Rejection!.Answer is not null, Is.EqualTo(answered));
    }

    [Test]
    public void Should_reject_what_is_too_large_unread() =>
        Assert.That(Upward.Read("em/v1/agv-17/journal", new byte[Upward.LargestPayload + 1], false, ReceivedAt).Rejection?.Reason, Is.EqualTo("tooLarge"));

    [Test]
    public void Should_reject_what_another_device_says_under_this_ones_topic() =>
        Assert.That(Read("telemetry", """{"deviceId":"agv-18","at":"2026-11-24T09:00:00Z",TIMES}""").Rejection?.Reason, Is.EqualTo("notYourTopic"));

    [Test]
    public void Should_reject_retained_facts() =>
        Assert.That(Upward.Read("em/v1/agv-17/journal", "{}"u8.ToArray(), retained: true, ReceivedAt).Rejection?.Reason, Is.EqualTo("retained"));

    [Test]
    public void Should_never_throw_whatever_comes_and_pass_on_only_what_the_bus_can_carry()
    {
        string[] bodies =
        [
            .. Bench.Connected().Connect().Select(m => m.GetRawText()),
            """{"contractId":"CONTRACT","entries":[ENTRY],"tail":1,"snapshot":{"at":"2026-11-24T09:00:00Z","status":"executing","revision":1,"intentVersion":1,"actions":{"a1":{"status":"running"}}},TIMES}""",
            """{"at":"2026-11-24T09:00:00Z","position":[1,2],"values":{"x":[1,{"y":"\u00e4"}]},TIMES}""",
        ];
        string[] pieces = ["null", "-1", "1e400", "\"\\ud800\"", "\"\\u0000\"", "[[[[[[", "{}", "\"", "9223372036854775808", "\u0000", "true", "PT-5S", "\ufeff"];
        var hostile =
            from body in OneOf([.. bodies.Select(Filled)])
            from topic in OneOf("connection", "contract/ack", "desired/ack", "journal", "telemetry")
            from at in Gen.Int[0, body.Length]
            from cut in Gen.Int[0, 12]
            from piece in OneOf(pieces)
            select (topic, body: body[..at] + piece + body[Math.Min(body.Length, at + cut)..]);
        hostile.Sample(h =>
        {
            var read = Read(h.topic, h.body);
            if (!read.IsRejected)
                JsonSerializer.SerializeToUtf8Bytes(read.Message, read.Message.GetType(), WireJson.Options);
        }, iter: 20_000);
    }

    private static DeviceReading Read(string name, string body) =>
        Upward.Read("em/v1/agv-17/" + name, Encoding.UTF8.GetBytes(Filled(body)), retained: false, ReceivedAt);

    private static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static string Filled(string body) => body
        .Replace("ENTRY", Entry, StringComparison.Ordinal)
        .Replace("TIMES", Times, StringComparison.Ordinal)
        .Replace("CONTRACT", Bench.C1, StringComparison.Ordinal);
}
