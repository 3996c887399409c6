using System.Text.Encodings.Web;

namespace ExecutionManager.Contracts.Messages;

/// <summary>The project's JSON.</summary>
public static class WireJson
{
    /// <summary>
    /// Web defaults, strict about types: what has no value is left out, numbers are not read from strings, and a null
    /// where a value is required is refused. Read only.
    /// </summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            NumberHandling = JsonNumberHandling.Strict,
            DefaultIgnoreCondition = WhenWritingNull,
            RespectNullableAnnotations = true,
            // Bodies are sent as application/json, never inside HTML.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            Converters = { new WireConverter() },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
