using System.Text.Json;
using System.Text.Json.Serialization;

namespace ExecutionManager.Simulation;

/// <summary>The bodies a device receives, as it reads them.</summary>
internal static class Bodies
{
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        NumberHandling = JsonNumberHandling.Strict,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static T Read<T>(byte[] payload) =>
        JsonSerializer.Deserialize<T>(payload, Json) ?? throw new JsonException("The body is null.");
}

internal sealed record DesireBody(
    string Intent, long IntentVersion, long? AsOf = null, string? ValidFor = null);

internal sealed record PushBody(
    long ConnectionEpoch, string ContentHash, JsonElement Contract, DesireBody Desired);

internal sealed record DesiredBody(
    long ConnectionEpoch, string ContractId, long Revision, string Intent, long IntentVersion, long? AsOf = null, string? ValidFor = null)
{
    public DesireBody Desire => new(Intent, IntentVersion, AsOf, ValidFor);
}

internal sealed record ReportBody(long ConnectionEpoch, string ContractId, string ReportId, long FromSeq);

internal sealed record JournalAckBody(string ContractId, long ThroughSeq, bool Closed);

internal sealed record RejectedBody(string Topic, string Reason, string? Detail = null, long? CurrentEpoch = null);
