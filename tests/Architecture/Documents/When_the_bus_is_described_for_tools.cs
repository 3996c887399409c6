using System.Text.Json.Nodes;

namespace ExecutionManager.Architecture.Tests;

/// <summary>docs/asyncapi.yaml says of each message what the assembly and its golden file say; nothing here writes the file.</summary>
public sealed class When_the_bus_is_described_for_tools
{
    private static readonly JsonObject File = YamlJson.Read(Path.Combine(Repository.Root, "docs/asyncapi.yaml"));

    private static readonly ILookup<string, string> Page =
        DocumentPage.Read("messages.md").Sections.ToLookup(section => section.Heading, section => section.Text);

    private static readonly Dictionary<string, (string Urn, string Exchange)> Names = System.IO.File.ReadAllLines(Repository.Approved("names.txt"))
        .Select(line => line.Split(' ')).ToDictionary(line => line[0].Split(':')[^1], line => (line[0], line[1]));

    private static IEnumerable<string> Messages => MessageTypes.Messages.Select(type => type.Name);

    [Test]
    public void Should_be_of_version_3_and_describe_exactly_the_messages()
    {
        Assert.That((string?)File["asyncapi"], Is.EqualTo("3.0.0"));
        Assert.That(Keys("channels"), Is.EquivalentTo(Messages));
        Assert.That(Keys("operations"), Is.EquivalentTo(Messages));
        Assert.That(Keys("components", "messages"), Is.EquivalentTo(Messages));
    }

    [TestCaseSource(nameof(Messages))]
    public void Should_name_the_exchange(string message)
    {
        var channel = At("channels", message);

        Assert.That((string?)channel["address"], Is.EqualTo(Names[message].Exchange));
        Assert.That((string?)channel["bindings"]!["amqp"]!["exchange"]!["name"], Is.EqualTo(Names[message].Exchange));
        Assert.That((string?)channel["messages"]![message]!["$ref"], Is.EqualTo($"#/components/messages/{message}"));
    }

    [TestCaseSource(nameof(Messages))]
    public void Should_tell_who_sends_as_the_page_does(string message)
    {
        var operation = At("operations", message);

        Assert.That((string?)operation["action"], Is.EqualTo(Page[message].Single().Contains("EM → ", StringComparison.Ordinal) ? "send" : "receive"));
        Assert.That((string?)operation["channel"]!["$ref"], Is.EqualTo($"#/channels/{message}"));
    }

    [TestCaseSource(nameof(Messages))]
    public void Should_show_its_golden_file_in_an_envelope(string message)
    {
        var described = At("components", "messages", message);
        var body = described["payload"]!["allOf"]!.AsArray()[1]!["properties"]!;
        var example = described["examples"]!.AsArray().Single()!["payload"]!;
        var golden = JsonNode.Parse(System.IO.File.ReadAllText(Repository.Golden(message)))!;

        Assert.That((string?)body["messageType"]!["contains"]!["const"], Is.EqualTo(Names[message].Urn));
        Assert.That((string?)body["message"]!["$ref"], Is.EqualTo($"#/components/schemas/{message}"));
        Assert.That((string?)example["messageType"]!.AsArray().Single(), Is.EqualTo(Names[message].Urn));
        Assert.That(JsonNode.DeepEquals(example["message"], golden), Is.True, $"the example is\n{example["message"]}\nand the golden file has\n{golden}");
    }

    [Test]
    public void Should_have_a_schema_of_everything_declared() =>
        Assert.That(Keys("components", "schemas"), Is.EquivalentTo(MessageSchema.All.Keys.Append("Envelope")));

    [TestCaseSource(typeof(MessageSchema), nameof(MessageSchema.Names))]
    public void Should_have_the_schema_of_what_is_declared(string type)
    {
        var described = WithoutDescriptions(At("components", "schemas", type).DeepClone());

        Assert.That(JsonNode.DeepEquals(described, MessageSchema.All[type]), Is.True, $"described is\n{described}\nand declared is\n{MessageSchema.All[type]}");
    }

    [Test]
    public void Should_refer_to_what_is_there() =>
        Assert.That(References(File).Distinct().Where(reference => Find(reference.TrimStart('#', '/').Split('/')) is null), Is.Empty);

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(member => member.Key == "$ref" ? [(string)member.Value!] : References(member.Value)),
        JsonArray list => list.SelectMany(References),
        _ => [],
    };

    // A property may be called description: only a text is one.
    private static JsonNode WithoutDescriptions(JsonNode schema)
    {
        switch (schema)
        {
            case JsonObject map:
                if (map["description"] is JsonValue)
                {
                    map.Remove("description");
                }

                foreach (var member in map.Select(member => member.Value).OfType<JsonNode>())
                {
                    WithoutDescriptions(member);
                }

                break;
            case JsonArray list:
                foreach (var item in list.OfType<JsonNode>())
                {
                    WithoutDescriptions(item);
                }

                break;
        }

        return schema;
    }

    private static IEnumerable<string> Keys(params string[] path) => At(path).Select(member => member.Key);

    private static JsonObject At(params string[] path) =>
        Find(path)?.AsObject() ?? throw new InvalidOperationException($"docs/asyncapi.yaml has no {string.Join('/', path)}.");

    private static JsonNode? Find(string[] path) => path.Aggregate((JsonNode?)File, (node, name) => node?[name]);
}
