namespace ExecutionManager.Domain;

/// <summary>The words for journal entries, as on the wire.</summary>
public static class EntryTypes
{
    /// <summary>A revision was stored durably.</summary>
    public const string Accepted = "accepted";

    /// <summary>An action began; data may name the hashes it uses and, for the device's own actions, the type.</summary>
    public const string ActionStarted = "actionStarted";

    /// <summary>An action is done.</summary>
    public const string ActionFinished = "actionFinished";

    /// <summary>An action failed; the device starts nothing further.</summary>
    public const string ActionFailed = "actionFailed";

    /// <summary>An action was ended because a new plan lacks it; not a failure.</summary>
    public const string ActionStopped = "actionStopped";

    /// <summary>The device stands still and may go on.</summary>
    public const string Paused = "paused";

    /// <summary>It goes on.</summary>
    public const string Resumed = "resumed";

    /// <summary>It left, or would have to leave, its scope and stands still.</summary>
    public const string ScopeViolated = "scopeViolated";

    /// <summary>Something broke; it stands still.</summary>
    public const string Fault = "fault";

    /// <summary>The contract is done; nothing follows.</summary>
    public const string Completed = "completed";

    /// <summary>The contract is over, undone; nothing follows.</summary>
    public const string Stopped = "stopped";
}
