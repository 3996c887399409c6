using System.Text.RegularExpressions;

namespace ExecutionManager.Domain;

/// <summary>Makes plans from plans and what was executed of them.</summary>
public static partial class Plans
{
    /// <summary>The actions of the plan that the journal does not show finished, in order.</summary>
    public static IReadOnlyList<PlannedAction> Remaining(Contract contract, Execution execution) =>
        [.. contract.Actions.Where(action => execution.Of(action.ActionId)?.Status != ActionStatus.Finished)];

    /// <summary>
    /// The plan of a retry. An action id is never used for a second execution: failed and stopped actions (all of them
    /// with <see cref="RetryFrom.All"/>) go on as <c>&lt;root&gt;-r&lt;revision&gt;</c> with <c>retryOf</c>.
    /// </summary>
    /// <returns>May hold no action at all: then there is nothing to retry.</returns>
    public static Contract Retry(Contract current, Execution execution, RetryFrom from, int revision)
    {
        var taken = current.Actions.Select(action => action.ActionId)
            .Concat(execution.Executed.Select(record => record.ActionId))
            .ToHashSet(StringComparer.Ordinal);
        var actions = from == RetryFrom.All ? current.Actions : Remaining(current, execution);
        return Revise(
            current,
            [.. actions.Select(action => from == RetryFrom.All || IsSpent(execution, action) ? Again(action) : action)],
            scope: null,
            revision,
            execution.Seq);

        PlannedAction Again(PlannedAction action)
        {
            var root = action.RetryOf is null ? action.ActionId : Suffix().Replace(action.ActionId, "");
            var suffix = $"-r{revision}";
            while (!taken.Add(Id(root, suffix)))
            {
                suffix += "x";
            }
            return action with { ActionId = Id(root, suffix), RetryOf = action.ActionId };
        }
    }

    /// <summary>The plan that another made, as the next revision; check it with <see cref="ContractDocument.Check"/>.</summary>
    public static Contract Revise(
        Contract current, IReadOnlyList<PlannedAction> actions, Scope? scope, int revision, long plannedAtSeq) =>
        current with { Actions = actions, Scope = scope ?? current.Scope, Revision = revision, PlannedAtSeq = plannedAtSeq };

    /// <summary>When each action would begin and end by mean durations, in order.</summary>
    /// <param name="contract">The plan.</param>
    /// <param name="acceptedAt">From when on it may begin; not before its window.</param>
    public static IReadOnlyList<(DateTimeOffset Start, DateTimeOffset End)> Schedule(Contract contract, DateTimeOffset acceptedAt)
    {
        var at = Instants.Max(acceptedAt, contract.Scope.NotBefore);
        return [.. contract.Actions.Select(action => (at, at = at.Plus(action.Duration.Mean)))];
    }

    /// <summary>The actions that must not be repeated unasked: not idempotent, and nobody knows how far they are. One that
    /// the journal shows failed or stopped is known: the device does not begin it again.</summary>
    /// <param name="remaining">The actions that are left.</param>
    /// <param name="execution">What was executed.</param>
    /// <param name="confirmed">The device's present word on all of them is here, or it never got the contract.</param>
    public static IReadOnlyList<string> Unconfirmed(IReadOnlyList<PlannedAction> remaining, Execution execution, bool confirmed) =>
        confirmed ? [] : [.. remaining.Where(action => !action.Idempotent && !IsSpent(execution, action)).Select(action => action.ActionId)];

    /// <summary>Its id was used for an execution that failed or was stopped: once more needs another id.</summary>
    public static bool IsSpent(Execution execution, PlannedAction action) =>
        execution.Of(action.ActionId)?.Status is ActionStatus.Failed or ActionStatus.Stopped;

    private static string Id(string root, string suffix) => root[..Math.Min(root.Length, 64 - suffix.Length)] + suffix;

    [GeneratedRegex(@"-r[0-9]+x*\z")]
    private static partial Regex Suffix();
}
