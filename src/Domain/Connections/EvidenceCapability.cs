using System.Text.Json.Serialization;

namespace ExecutionManager.Domain;

/// <summary>How a device tells what happened.</summary>
[JsonConverter(typeof(CamelCase<EvidenceCapability>))]
public enum EvidenceCapability
{
    /// <summary>It keeps a journal.</summary>
    Journal,

    /// <summary>It only knows how it stands.</summary>
    Snapshot,
}
