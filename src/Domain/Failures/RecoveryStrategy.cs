using System.Text.Json.Serialization;

namespace ExecutionManager.Domain;

/// <summary>What the Policy Service may decide.</summary>
[JsonConverter(typeof(CamelCase<RecoveryStrategy>))]
public enum RecoveryStrategy
{
    /// <summary>Again on the same device.</summary>
    Retry,

    /// <summary>The rest on another device.</summary>
    Reassign,

    /// <summary>Ask an operator.</summary>
    Escalate,

    /// <summary>Wait.</summary>
    Hold,

    /// <summary>Give up.</summary>
    Abort,
}
