using System.Text.Json.Serialization;

namespace ExecutionManager.Domain;

/// <summary>How much of a claim an estimate is; it is never confirmed.</summary>
[JsonConverter(typeof(CamelCase<EstimateCertainty>))]
public enum EstimateCertainty
{
    /// <summary>Evidence and durations leave one current action.</summary>
    Projected,

    /// <summary>They do not.</summary>
    Inconclusive,
}
