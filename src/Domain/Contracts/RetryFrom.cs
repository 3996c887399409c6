using System.Text.Json.Serialization;

namespace ExecutionManager.Domain;

/// <summary>What a retry executes.</summary>
[JsonConverter(typeof(CamelCase<RetryFrom>))]
public enum RetryFrom
{
    /// <summary>What is not finished.</summary>
    Remaining,

    /// <summary>The whole plan, under new action ids.</summary>
    All,
}
