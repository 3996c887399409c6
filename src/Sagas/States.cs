using System.Text.Json;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Sagas;

/// <summary>What follows from a state's name alone.</summary>
public static class States
{
    /// <summary>The word shown for a stored state; a contract that has not started yet is shown as preparing.</summary>
    public static ContractStatus? Shown(string state) =>
        state == "Initial" ? ContractStatus.Preparing : Enum.Parse<ContractStatus>(state);

    /// <summary>The stored names that a shown status stands for.</summary>
    public static IEnumerable<string> Stored(ContractStatus status) =>
        status == ContractStatus.Preparing ? ["Initial", nameof(ContractStatus.Preparing)] : [status.ToString()];

    public static bool IsTerminal(string state) =>
        state is nameof(ContractStatus.Completed) or nameof(ContractStatus.Cancelled) or nameof(ContractStatus.Aborted)
            or nameof(ContractStatus.Reassigned);

    /// <summary>States in which the lease is renewed while the device is connected: from Live on, never in Stopping.</summary>
    public static bool Renewable(string state) => state
        is nameof(ContractStatus.Live) or nameof(ContractStatus.Projected) or nameof(ContractStatus.Reconciled)
        or nameof(ContractStatus.Recovering) or nameof(ContractStatus.Held) or nameof(ContractStatus.Escalated);

    /// <summary>What is desired of the device in a state; null leaves it as it is.</summary>
    /// <param name="stops">It was told to stop, which an escalation does not take back.</param>
    public static Intent? IntentOf(string state, bool stops) => state switch
    {
        nameof(ContractStatus.Escalated) => stops ? Intent.Stop : Intent.Hold,
        nameof(ContractStatus.Recovering) => null,
        nameof(ContractStatus.Held) => Intent.Hold,
        nameof(ContractStatus.Stopping) => Intent.Stop,
        _ => IsTerminal(state) ? Intent.Stop : Intent.Run,
    };

    public static bool MayCancel(string state) => !IsTerminal(state);

    public static bool MayHold(string state) => state is not (nameof(ContractStatus.Escalated) or nameof(ContractStatus.Stopping)) && !IsTerminal(state);

    public static bool MayResolve(string state) => state is nameof(ContractStatus.Escalated);

    public static bool MayResume(string state) => state is nameof(ContractStatus.Held);

    /// <summary>The deadlines that may run on when the state is entered; all others end with the state that armed them.</summary>
    public static IReadOnlyList<DeadlineKind> DeadlinesOf(string state) => state switch
    {
        nameof(ContractStatus.Preparing) => [DeadlineKind.Window],
        nameof(ContractStatus.AwaitingConnection) => [DeadlineKind.Window],
        nameof(ContractStatus.Pushing) => [DeadlineKind.Window],
        nameof(ContractStatus.Live) => [DeadlineKind.Command, DeadlineKind.Window],
        nameof(ContractStatus.Projected) => [DeadlineKind.Command, DeadlineKind.Window, DeadlineKind.Replan],
        nameof(ContractStatus.Reconciled) => [DeadlineKind.Command, DeadlineKind.Window, DeadlineKind.Replan],
        nameof(ContractStatus.Recovering) => [DeadlineKind.Command],
        nameof(ContractStatus.Held) => [DeadlineKind.Command],
        nameof(ContractStatus.Escalated) => [DeadlineKind.Command],
        nameof(ContractStatus.Stopping) => [],
        _ => [],
    };

    /// <summary>The wire's word for one of its enums.</summary>
    public static string Word<TEnum>(this TEnum value) where TEnum : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
