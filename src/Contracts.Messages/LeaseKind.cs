namespace ExecutionManager.Contracts.Messages;

/// <summary>Whether a device stops by itself at the end of its lease.</summary>
[JsonConverter(typeof(WireConverter))]
public enum LeaseKind
{
    /// <summary>It does.</summary>
    Enforced,

    /// <summary>It does not: elapsed time proves nothing about it.</summary>
    None,
}
