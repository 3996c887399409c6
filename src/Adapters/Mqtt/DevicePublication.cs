namespace ExecutionManager.Adapters;

public enum DevicePublication
{
    /// <summary>The broker has it.</summary>
    Published,

    /// <summary>No connection to the broker, or it was lost on the way; another try may help.</summary>
    Unavailable,

    /// <summary>The broker refuses it; another try does not help.</summary>
    Refused,
}
