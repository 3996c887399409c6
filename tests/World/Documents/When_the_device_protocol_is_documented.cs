using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ExecutionManager.Adapters;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;

namespace ExecutionManager.World.Tests;

/// <summary>What docs/device-protocol.md shows goes through the adapter as it is.</summary>
public sealed partial class When_the_device_protocol_is_documented
{
    private const string Device = "agv-17";

    private static readonly DateTimeOffset ReceivedAt = new(2026, 11, 24, 9, 0, 0, 40, TimeSpan.Zero);

    private static readonly Dictionary<string, Type> Commands = new()
    {
        [DeviceTopics.Contract] = typeof(PushContract),
        [DeviceTopics.Desired] = typeof(SetDesired),
        [DeviceTopics.Report] = typeof(RequestReport),
        [DeviceTopics.JournalAck] = typeof(AcknowledgeJournal),
        [DeviceTopics.Rejected] = typeof(RejectDeviceMessage),
    };

    private static IEnumerable<TestCaseData> Up => Cases("up");

    private static IEnumerable<TestCaseData> Down => Cases("down");

    [TestCaseSource(nameof(Up))]
    public void Should_show_what_the_adapter_reads(string topic, string json)
    {
        var reading = Upward.Read(DeviceTopics.Of(Device, topic), Encoding.UTF8.GetBytes(json), retained: false, ReceivedAt);

        Assert.That(reading.Rejection, Is.Null);
        // A field that the adapter does not know would be ignored, not refused.
        var read = JsonSerializer.SerializeToNode(reading.Message, WireJson.Options);
        Assert.That(Names(JsonNode.Parse(json)).Except(Names(read)), topic == DeviceTopics.Connection ? Is.EqualTo(new[] { "state" }) : Is.Empty);
    }

    [TestCaseSource(nameof(Down))]
    public void Should_show_what_the_adapter_writes(string topic, string json)
    {
        var command = JsonNode.Parse(json)!.AsObject();
        command["deviceId"] = Device;
        command["contractId"] ??= command["contract"]?["contractId"]?.DeepClone();

        var written = Downward.Write(command.Deserialize(Commands[topic], WireJson.Options)!);

        Assert.That(written.Topic, Is.EqualTo(DeviceTopics.Of(Device, topic)));
        var body = JsonNode.Parse(written.Payload);
        Assert.That(JsonNode.DeepEquals(body, JsonNode.Parse(json)), Is.True, $"the page shows\n{json}\nand written is\n{body}");
    }

    [Test]
    public void Should_show_every_topic() =>
        Assert.That(
            Up.Concat(Down).Select(example => example.Arguments[0]).Distinct(),
            Is.EquivalentTo(Commands.Keys.Concat(DeviceTopics.Upward.Select(filter => filter.Split('+')[1].TrimStart('/')))));

    [Test]
    public void Should_show_how_a_wrong_message_is_answered()
    {
        var (topic, json) = DeviceProtocolPage.Examples("refused").Single();
        var shown = JsonNode.Parse(DeviceProtocolPage.Examples("down").Single(example => example.Topic == DeviceTopics.Rejected).Json);

        var answer = Upward.Read(DeviceTopics.Of(Device, topic), Encoding.UTF8.GetBytes(json), retained: false, ReceivedAt).Rejection!.Answer!;

        Assert.That(JsonNode.Parse(Downward.Write(answer).Payload)!.ToJsonString(), Is.EqualTo(shown!.ToJsonString()));
    }

    [TestCase("malformed", "journal", "{", false)]
    [TestCase("notYourTopic", "journal", """{"deviceId":"agv-18"}""", false)]
    [TestCase("retained", "journal", "{}", true)]
    public void Should_name_the_reasons_that_the_adapter_gives(string reason, string topic, string json, bool retained)
    {
        var rejection = Upward.Read(DeviceTopics.Of(Device, topic), Encoding.UTF8.GetBytes(json), retained, ReceivedAt).Rejection!;

        Assert.That(rejection.Reason, Is.EqualTo(reason));
        Assert.That(DeviceProtocolPage.FirstColumn("| reason |"), Does.Contain(reason));
    }

    [Test]
    public void Should_name_the_reasons_that_the_service_gives()
    {
        var given = Directory.EnumerateFiles(Path.Combine(DeviceProtocolPage.Root(), "src"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Refusal().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value).Distinct().ToList();
        Assert.That(given, Is.SupersetOf(new[] { "epochTooOld", "notYourContract", "unknownContentHash", "conflict" }));
        Assert.That(DeviceProtocolPage.FirstColumn("| reason |"), Is.SupersetOf(given));
    }

    [Test]
    public void Should_name_the_largest_message_and_the_largest_contract()
    {
        Assert.That(DeviceProtocolPage.Text, Does.Contain($"more than {Upward.LargestPayload} bytes"));
        Assert.That(DeviceProtocolPage.Text, Does.Contain($"at most {Domain.ContractDocument.MaxBytes} bytes of JSON"));
    }

    [Test]
    public void Should_reckon_the_lease_as_the_domain_does()
    {
        var grant = DeviceProtocolPage.Examples("down").Where(example => example.Topic == DeviceTopics.Desired)
            .Select(example => JsonNode.Parse(example.Json)!).First(body => body["asOf"] is not null);
        var (asOf, validFor) = ((long)grant["asOf"]!, DurationConverter.Parse((string)grant["validFor"]!));
        var end = Leases.EndMs(asOf, validFor);
        var safe = Leases.SafeToReassignAt(ReceivedAt, validFor, TimeSpan.FromSeconds(10));

        Assert.That(DeviceProtocolPage.Text, Does.Contain($"= {end}\n").And.Contain($"= {InstantConverter.Format(safe)[11..]}."));
        Assert.That(Leases.IsGrant(asOf, validFor, 125_000) && !Leases.IsGrant(asOf, validFor, 800_000), Is.True, "as the page says");
        Assert.That(end - 125_000, Is.EqualTo(598_456));
    }

    [Test]
    public void Should_name_every_type_of_entry() =>
        Assert.That(
            DeviceProtocolPage.FirstColumn("| type |"),
            Is.EquivalentTo(typeof(EntryTypes).GetFields().Select(field => (string)field.GetRawConstantValue()!)));

    [GeneratedRegex(@"(?:new RejectDeviceMessage\s*\{[^}]*Reason = |\.Reject\([\w.]+, ""[\w/]+"", )""(\w+)""")]
    private static partial Regex Refusal();

    private static IEnumerable<TestCaseData> Cases(string direction) =>
        DeviceProtocolPage.Examples(direction).Select((example, i) =>
            new TestCaseData(example.Topic, example.Json).SetArgDisplayNames(direction, example.Topic, $"{i + 1}"));

    private static IEnumerable<string> Names(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(member => Names(member.Value).Append(member.Key)),
        JsonArray list => list.SelectMany(Names),
        _ => [],
    };
}
