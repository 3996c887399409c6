namespace ExecutionManager.Worker;

/// <summary>The service cannot start, and the message names the setting to change.</summary>
public sealed class StartFault(string message) : Exception(message);
