using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ExecutionManager.Contracts.Messages;
using MassTransit;
using MassTransit.Serialization;

namespace ExecutionManager.Architecture.Tests;

/// <summary>docs/messages.md shows each message as its golden file has it; nothing here writes the page.</summary>
public sealed class When_the_messages_are_documented
{
    /// <summary>Stands for a part that another message shows in full.</summary>
    private const string Elsewhere = "…";

    private static readonly DocumentPage Page = DocumentPage.Read("messages.md");

    private static readonly ILookup<string, string> Sections = Page.Sections.ToLookup(section => section.Heading, section => section.Text);

    private static IEnumerable<string> Messages => MessageTypes.Messages.Select(type => type.Name);

    [Test]
    public void Should_have_a_section_for_each_message_and_no_other() =>
        Assert.That(Page.Sections.Select(section => section.Heading), Is.EquivalentTo(Messages));

    [TestCaseSource(nameof(Messages))]
    public void Should_give_its_exchange_and_its_type(string message)
    {
        var approved = File.ReadAllLines(Repository.Approved("names.txt")).Single(line => line.EndsWith(":" + message, StringComparison.Ordinal)).Split(' ');

        Assert.That(Sections[message].Single(), Does.Contain($"exchange `{approved[1]}` · type `{approved[0]}`"));
    }

    [TestCaseSource(nameof(Messages))]
    public void Should_show_its_golden_file(string message)
    {
        var shown = JsonNode.Parse(DocumentPage.Json(Sections[message].Single()).Single())!.AsObject();
        var golden = Golden(message);
        foreach (var (name, value) in shown.ToList())
        {
            if (value is JsonValue text && text.TryGetValue<string>(out var word) && word == Elsewhere)
            {
                shown[name] = golden[name]!.DeepClone();
            }
        }

        Assert.That(JsonNode.DeepEquals(shown, golden), Is.True, $"the page shows\n{shown}\nand the golden file has\n{golden}");
    }

    [Test]
    public void Should_show_in_full_what_is_left_out_elsewhere()
    {
        var members = Page.Json("").SelectMany(json => JsonNode.Parse(json)!.AsObject()).ToList();
        var leftOut = members.Where(member => member.Value?.ToString() == Elsewhere).Select(member => member.Key).Distinct().ToList();

        Assert.That(leftOut, Is.Not.Empty);
        Assert.That(members.Where(member => member.Value is JsonObject).Select(member => member.Key), Is.SupersetOf(leftOut));
    }

    /// <summary>A message that no source makes, or no machine reads, says so; once one does, the mark has to go.</summary>
    [TestCaseSource(nameof(Messages))]
    public void Should_say_what_is_not_done_yet(string message)
    {
        var sources = ProjectRule.Table.Select(rule => rule.Project).Where(project => project is not ("Contracts.Messages" or "Neighbours"))
            .SelectMany(Repository.Sources).Select(source => source.Text);
        var isUsed = sources.Any(text => Regex.IsMatch(text, $@"\bnew {message}\b|\b(IConsumer|Event)<{message}>"));

        Assert.That(Sections[message].Single(), isUsed ? Does.Not.Contain("by this version yet") : Does.Contain("by this version yet"));
    }

    [Test]
    public void Should_show_an_envelope_that_is_read()
    {
        var read = new SystemTextJsonMessageSerializer().Deserialize(
            new StringMessageBody(Page.Json("envelope").Single()), new NoHeaders(), new Uri("loopback://localhost/contract"));

        Assert.That(read.TryGetMessage<RecoveryDecided>(out var decided), Is.True);
        Assert.That(decided, Is.EqualTo(Samples.All.OfType<RecoveryDecided>().Single()));
        Assert.That(read.MessageId, Is.Not.Null, "without it a duplicate cannot be told");
        Assert.That(read.SentTime, Is.Not.Null);
    }

    private static JsonObject Golden(string message) => JsonNode.Parse(File.ReadAllText(Repository.Golden(message)))!.AsObject();

    private sealed class NoHeaders : Headers
    {
        public IEnumerable<KeyValuePair<string, object>> GetAll() => [];

        public bool TryGetHeader(string key, out object value)
        {
            value = "";
            return false;
        }

        public T? Get<T>(string key, T? defaultValue = default)
            where T : class => defaultValue;

        public T? Get<T>(string key, T? defaultValue = default)
            where T : struct => defaultValue;

        public IEnumerator<HeaderValue> GetEnumerator() => Enumerable.Empty<HeaderValue>().GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
