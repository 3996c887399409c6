using System.Text.Json;
using System.Text.Json.Serialization;

namespace ExecutionManager.Domain;

/// <summary>Stores an enum by its name in camelCase, so that a stored row outlives a reordering of the enum.</summary>
/// <typeparam name="T">The enum.</typeparam>
public sealed class CamelCase<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum
{
    /// <summary>The word for a value, as on the wire.</summary>
    public static string Word(T value) => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    /// <summary>The value of a word, or null for an unknown one.</summary>
    public static T? Read(string? word) =>
        word is not null && Enum.TryParse<T>(word, ignoreCase: true, out var value) && Word(value) == word ? value : null;
}
