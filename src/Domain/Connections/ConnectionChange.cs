using System.Text.Json.Serialization;

namespace ExecutionManager.Domain;

/// <summary>What a signal changed.</summary>
[JsonConverter(typeof(CamelCase<ConnectionChange>))]
public enum ConnectionChange
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Something to store, nothing to tell the contracts.</summary>
    Noted,

    /// <summary>Connected in a new epoch, from none or from an older one.</summary>
    Opened,

    /// <summary>Connected again in the same epoch after silence.</summary>
    Revived,

    /// <summary>Connected no longer.</summary>
    Lost,

    /// <summary>A birth that is too old: nothing changed, the device must be told the current epoch and reconnect above it.</summary>
    OutdatedEpoch,
}
