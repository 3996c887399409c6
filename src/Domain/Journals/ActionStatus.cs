using System.Text.Json.Serialization;

namespace ExecutionManager.Domain;

/// <summary>How an action stands; VDA 5050's words, and stopped.</summary>
[JsonConverter(typeof(CamelCase<ActionStatus>))]
public enum ActionStatus
{
    /// <summary>Not begun.</summary>
    Waiting,

    /// <summary>Being prepared; counts as running.</summary>
    Initializing,

    /// <summary>Running.</summary>
    Running,

    /// <summary>Begun, standing still.</summary>
    Paused,

    /// <summary>Done.</summary>
    Finished,

    /// <summary>Failed.</summary>
    Failed,

    /// <summary>Ended undone, because a new plan lacks it or the contract was stopped.</summary>
    Stopped,
}
