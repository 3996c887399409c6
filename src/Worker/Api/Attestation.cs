using ExecutionManager.Domain;
using ExecutionManager.Sagas;
using ActionStatus = ExecutionManager.Contracts.Messages.ActionStatus;
using ExecutionStatus = ExecutionManager.Contracts.Messages.ExecutionStatus;
using SnapshotAction = ExecutionManager.Contracts.Messages.SnapshotAction;

namespace ExecutionManager.Worker;

/// <summary>Reads the actuals that an operator attests.</summary>
internal static class Attestation
{
    public static ActualsAttested Read(Fields fields, Guid contractId, string? reason, string by, DateTimeOffset now)
    {
        var at = fields.Instant("at") ?? fields.Missing<DateTimeOffset>("at");
        if (at > now)
        {
            fields.Add("at", "must not be in the future");
        }

        return new(contractId, at, fields.Word<ExecutionStatus>("status"), fields.Parts("actions").ToDictionary(action => action.Name, Action), fields.Numbers("position", 2, 3), reason ?? "", by);
    }

    /// <summary>What only the contract can tell.</summary>
    public static void Check(Fields fields, ActualsAttested said, ContractState saga, Contract plan)
    {
        if (said.At < saga.Execution.At)
        {
            fields.Add("at", "must not be before the newest evidence");
        }

        foreach (var actionId in said.Actions.Keys.Where(id => plan.Actions.All(action => action.ActionId != id) && saga.Execution.Of(id) is null))
        {
            fields.Add($"actions.{actionId}", "is no action of this contract");
        }

        foreach (var (actionId, _) in said.Actions.Where(action => said.Status == ExecutionStatus.Completed && action.Value.Status != ActionStatus.Finished))
        {
            fields.Add($"actions.{actionId}.status", "must be finished when the whole is completed");
        }
    }

    private static SnapshotAction Action((string Name, Fields Fields) action) => new()
    {
        Status = action.Fields.Word<ActionStatus>("status") ?? action.Fields.Missing<ActionStatus>("status"), Progress = action.Fields.Share("progress"),
    };
}
