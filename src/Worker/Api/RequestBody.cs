using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Unicode;
using ExecutionManager.Domain;
using Microsoft.AspNetCore.Http.Features;

namespace ExecutionManager.Worker;

/// <summary>Reads a JSON body within the limits of a contract.</summary>
internal static class RequestBody
{
    private static readonly JsonElement Nothing = JsonElement.Parse("{}");

    // Of a name given twice nobody knows which value was meant.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>The body, or why it is refused.</summary>
    /// <param name="request">The request.</param>
    /// <param name="optional">No body at all counts as an empty object.</param>
    /// <param name="ct">Ends the reading.</param>
    public static async Task<(JsonElement Json, Problem? Refused)> Read(HttpRequest request, bool optional, CancellationToken ct)
    {
        var hasBody = request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true;
        if (!hasBody)
        {
            return optional ? (Nothing, null) : (default, Problem.Malformed("The body is empty."));
        }

        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !string.Equals(type.MediaType, "application/json", StringComparison.OrdinalIgnoreCase)
            || !(type.CharSet is null || string.Equals(type.CharSet.Trim('"'), "utf-8", StringComparison.OrdinalIgnoreCase)))
        {
            return (default, Problem.UnsupportedMediaType());
        }

        if (request.ContentLength > ContractDocument.MaxBytes || await Read(request.Body, ContractDocument.MaxBytes, ct) is not { } bytes)
        {
            return (default, Problem.TooLarge());
        }

        try
        {
            return Utf8.IsValid(bytes.Span) ? (JsonElement.Parse(bytes.Span, Strict), null) : (default, Problem.Malformed("The body is no UTF-8."));
        }
        catch (JsonException fault)
        {
            return (default, Problem.Malformed($"The body is no JSON: {fault.Message}"));
        }
    }

    /// <summary>Null when there is more than <paramref name="most"/>.</summary>
    private static async Task<ReadOnlyMemory<byte>?> Read(Stream body, int most, CancellationToken ct)
    {
        using var buffer = new MemoryStream();
        var chunk = new byte[16_384];
        while (await body.ReadAsync(chunk, ct) is var read and > 0)
        {
            if (buffer.Length + read > most)
            {
                return null;
            }

            buffer.Write(chunk, 0, read);
        }

        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }
}
