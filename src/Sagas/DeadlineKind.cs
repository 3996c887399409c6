using System.Text.Json.Serialization;

namespace ExecutionManager.Sagas;

/// <summary>What a contract can wait for; the words of the representation.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DeadlineKind>))]
public enum DeadlineKind
{
    Data,
    Push,
    Accept,
    Stall,
    Action,
    Window,
    OfflineUntil,
    Actuals,
    Replan,
    Policy,
    Retry,
    Command,
    Hold,
    Escalation,
    Reassignment,
}
