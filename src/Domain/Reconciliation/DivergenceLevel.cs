using System.Text.Json.Serialization;

namespace ExecutionManager.Domain;

/// <summary>How far actuals and plan are apart.</summary>
[JsonConverter(typeof(CamelCase<DivergenceLevel>))]
public enum DivergenceLevel
{
    /// <summary>Every measure is zero.</summary>
    Consistent,

    /// <summary>Within the tolerance.</summary>
    Minor,

    /// <summary>A tolerance is exceeded.</summary>
    Major,

    /// <summary>The flow cannot be taken.</summary>
    Undetermined,
}
