using System.Text.Json;

namespace ExecutionManager.Domain;

internal static class Json
{
    /// <summary>A text field; null if the element is no object, has none, or it is no (readable) text.</summary>
    public static string? Text(this JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } found && found.TryGetProperty(name, out var value) ? value.Text() : null;

    /// <summary>The text; null if it is none. Escapes of half a character have no text.</summary>
    public static string? Text(this JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            return null;
        }
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
