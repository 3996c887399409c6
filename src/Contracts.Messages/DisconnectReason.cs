namespace ExecutionManager.Contracts.Messages;

/// <summary>How a connection ended.</summary>
[JsonConverter(typeof(WireConverter))]
public enum DisconnectReason
{
    /// <summary>The device said that it goes offline.</summary>
    Clean,

    /// <summary>The broker says that the connection broke.</summary>
    Lost,
}
