using System.Text.Json.Serialization;

namespace ExecutionManager.Domain;

/// <summary>How a connection was lost.</summary>
[JsonConverter(typeof(CamelCase<LossReason>))]
public enum LossReason
{
    /// <summary>The device said goodbye.</summary>
    Clean,

    /// <summary>A broker said that it broke, or the device was heard of in a later epoch.</summary>
    Lost,

    /// <summary>Nothing was heard for too long; the epoch stays open.</summary>
    Silent,
}
