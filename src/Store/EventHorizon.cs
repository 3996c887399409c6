namespace ExecutionManager.Store;

/// <summary>How far the event log may be read.</summary>
/// <param name="Through">No event up to this number is still to come; null until that is known for the first time.</param>
/// <param name="Seen">The number that is good once everything is past the mark.</param>
/// <param name="Mark">When <paramref name="Seen"/> was seen; null while nothing is waited for.</param>
public sealed record EventHorizon(long? Through = null, long Seen = 0, long? Mark = null);
