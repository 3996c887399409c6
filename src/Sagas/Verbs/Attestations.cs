using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>An operator's word stands in for a device's until the device itself speaks.</summary>
internal static class Attestations
{
    /// <summary>Takes what an operator attests. Of a device that is connected, or was heard of since, it says nothing.</summary>
    public static EventActivityBinder<ContractState, ActualsAttested> Attest(this EventActivityBinder<ContractState, ActualsAttested> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, said) = (context.Saga, context.Message);
            if (saga.Connected || saga.AcceptedRevision == 0 || said.At < saga.Execution.At)
            {
                await context.RefuseReconciliation();
                return;
            }

            await context.JoinReconciliation();
            var plan = await context.Plan(saga.AcceptedRevision);
            var status = said.Status ?? (
                said.Actions.Values.Any(action => action.Status is Messages.ActionStatus.Running or Messages.ActionStatus.Initializing) ? Messages.ExecutionStatus.Executing
                : saga.Execution.Status == ExecutionStatus.Unknown ? Messages.ExecutionStatus.Waiting
                : Enum.Parse<Messages.ExecutionStatus>(saga.Execution.Status.ToString()));
            var known = saga.Open.Attested?.Known ?? saga.Execution;
            var snapshot = Facts.Convert(
                new DeviceSnapshot { At = said.At, Status = status, Revision = saga.AcceptedRevision, IntentVersion = 0, Actions = said.Actions, Position = said.Position }, said.At);
            saga.Open = saga.Open with { Attested = new OpenAttestation(said.At, said.By, said.Reason, known, snapshot) };
            saga.Execution = Snapshots.Attest(plan, saga.Execution, snapshot);
            context.Findings().Evidence["attested"] = new JsonObject
            {
                ["at"] = JsonSerializer.SerializeToNode(said.At, WireJson.Options), ["by"] = said.By, ["reason"] = said.Reason,
                ["status"] = status.Word(), ["actions"] = JsonSerializer.SerializeToNode(said.Actions, WireJson.Options),
            };
            context.Findings().Add(Verdict.Attested);
        });

    /// <summary>The device speaks: what was attested yields.</summary>
    public static void Yield(this ContractState saga)
    {
        if (saga.Open.Attested is { } attested)
        {
            saga.Execution = attested.Known;
            saga.Open = saga.Open with { Attested = null };
        }
    }
}
