namespace ExecutionManager.Adapters;

/// <summary>Ends the reading of a body at its first fault; never leaves <see cref="Upward"/>.</summary>
internal sealed class BodyFault(string message) : Exception(message);
