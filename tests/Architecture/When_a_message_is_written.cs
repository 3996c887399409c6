using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ExecutionManager.Contracts.Messages;
using MassTransit.Serialization;

namespace ExecutionManager.Architecture.Tests;

/// <summary>The golden files are written by hand from the specification; nothing here writes them.</summary>
public sealed class When_a_message_is_written
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Dictionary<string, JsonSerializerOptions> Serializers = new()
    {
        ["MassTransit"] = SystemTextJsonMessageSerializer.Options,
        ["WireJson"] = WireJson.Options,
        ["camelCase"] = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase },
        ["converters of its own"] = new(JsonSerializerDefaults.Web)
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Converters = { new JsonStringEnumConverter(), new SecondsConverter(), new UnixTimeConverter() },
        },
    };

    private static IEnumerable<TestCaseData> Cases =>
        from sample in Samples.All
        from serializer in Serializers.Keys
        select new TestCaseData(sample, serializer).SetArgDisplayNames(sample.GetType().Name, serializer);

    [TestCaseSource(nameof(Cases))]
    public void Should_look_like_its_golden_file(object sample, string serializer)
    {
        var json = JsonSerializer.Serialize(sample, Serializers[serializer]);

        Assert.That(WithoutWhitespace(json), Is.EqualTo(WithoutWhitespace(Golden(sample))));
    }

    [TestCaseSource(nameof(Cases))]
    public void Should_be_read_back_without_loss(object sample, string serializer)
    {
        var read = JsonSerializer.Deserialize(Golden(sample), sample.GetType(), Serializers[serializer]);

        Assert.That(JsonSerializer.Serialize(read, WireJson.Options), Is.EqualTo(JsonSerializer.Serialize(sample, WireJson.Options)));
    }

    [Test]
    public void Should_have_a_sample_of_every_message() =>
        Assert.That(Samples.All.Select(sample => sample.GetType()), Is.EquivalentTo(MessageTypes.Messages));

    [Test]
    public void Should_have_no_golden_file_without_a_message() =>
        Assert.That(
            Directory.GetFiles(Path.GetDirectoryName(Repository.Golden("x"))!).Select(Path.GetFileNameWithoutExtension),
            Is.EquivalentTo(MessageTypes.Messages.Select(type => type.Name)));

    private static string Golden(object sample) => File.ReadAllText(Repository.Golden(sample.GetType().Name));

    // Numbers keep their digits and members their order; only whitespace and escapes become the same.
    private static string WithoutWhitespace(string json) => JsonSerializer.Serialize(JsonElement.Parse(json), Plain);

    private sealed class SecondsConverter : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TimeSpan.FromSeconds(reader.GetDouble());

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.TotalSeconds);
    }

    private sealed class UnixTimeConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            DateTimeOffset.FromUnixTimeSeconds(reader.GetInt64());

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.ToUnixTimeSeconds());
    }
}
