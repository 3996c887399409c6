using System.Text.Json.Serialization;

namespace ExecutionManager.Domain;

/// <summary>Whether a device stops by itself at the end of its lease.</summary>
[JsonConverter(typeof(CamelCase<LeaseCapability>))]
public enum LeaseCapability
{
    /// <summary>It does.</summary>
    Enforced,

    /// <summary>It does not: time proves nothing.</summary>
    None,
}
