using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>Every change of state goes through here: state, history and published event are one.</summary>
internal static class Moves
{
    public static EventActivityBinder<ContractState, T> Move<T>(
        this EventActivityBinder<ContractState, T> binder, State to, TransitionCause cause)
        where T : class =>
        binder.ThenAsync(context => Record(context, to, cause)).TransitionTo(to);

    /// <summary>Ends the contract: the outcome is written once and never changes. Of what was never sent no device can tell.</summary>
    public static EventActivityBinder<ContractState, T> End<T>(
        this EventActivityBinder<ContractState, T> binder, State to, TransitionCause cause, OutcomeEvidence? evidence = null)
        where T : class =>
        binder.Move(to, cause).ThenAsync(context => Close(
            context, evidence ?? (context.Saga.SentRevision > 0 ? OutcomeEvidence.Device : OutcomeEvidence.Operator)));

    /// <summary>Publishes what applications are told beside transitions, and keeps it for those who follow the events.</summary>
    public static Task Announce<T>(this BehaviorContext<ContractState> context, T told)
        where T : class
    {
        var (saga, work) = (context.Saga, context.Work());
        work.Records.Append(new ContractEvent(saga.CorrelationId, typeof(T).Name, saga.Version, work.Now, JsonSerializer.Serialize(told, WireJson.Options)));
        return context.Publish(told);
    }

    private static async Task Record<T>(BehaviorContext<ContractState, T> context, State to, TransitionCause cause)
        where T : class
    {
        var (saga, work, findings) = (context.Saga, context.Work(), context.Findings());
        var from = States.Shown(saga.CurrentState);
        saga.Version++;
        saga.ChangedAt = work.Now;
        saga.Desire(States.IntentOf(to.Name, saga.Open.Stop is not null) ?? saga.Intent);
        await context.KeepDeadlines(to.Name);

        var changed = new ContractStateChanged
        {
            ContractId = saga.CorrelationId, DeviceId = saga.DeviceId, TaskId = saga.TaskId,
            From = saga.Version == 1 ? null : from, To = States.Shown(to.Name)!.Value, At = work.Now, Cause = cause, Version = saga.Version,
        };
        var entry = JsonSerializer.SerializeToNode(changed, WireJson.Options)!.AsObject();
        if (cause == TransitionCause.Failure && findings.Failure is { } failure)
        {
            findings.Evidence["failure"] = JsonSerializer.SerializeToNode(failure, WireJson.Options);
        }

        if (findings.Evidence.Count > 0)
        {
            entry["evidence"] = findings.Evidence;
        }

        if (findings.Report is { } level)
        {
            entry["report"] = new System.Text.Json.Nodes.JsonObject { ["level"] = JsonSerializer.SerializeToNode(level, WireJson.Options) };
        }

        (findings.Evidence, findings.Report) = ([], null);
        work.Records.Append(new ContractEvent(saga.CorrelationId, nameof(ContractStateChanged), saga.Version, work.Now, entry.ToJsonString(WireJson.Options)));
        await context.Publish(changed);
        ContractMeter.Moved(context, changed.From?.Word() ?? "none", changed.To.Word());
        work.Log.ContractMoved(saga.CorrelationId, saga.DeviceId, changed.From?.Word() ?? "-", States.Shown(to.Name)!.Value.Word(), cause.Word());
    }

    /// <summary>What is awaited from a connected device goes on to be awaited, with its deadline.</summary>
    private static Task KeepDeadlines(this BehaviorContext<ContractState> context, string to)
    {
        var (saga, kept) = (context.Saga, States.DeadlinesOf(to));
        if (!saga.Connected || !States.Renewable(to))
        {
            saga.Open = saga.Open with { Actuals = null };
        }

        var awaits = saga.Open.Actuals is not null || (saga is { Connected: true, Open.Gap: not null } && !States.IsTerminal(to));
        return context.DisarmAllBut(awaits ? [.. kept, DeadlineKind.Actuals] : kept);
    }

    private static async Task Close<T>(BehaviorContext<ContractState, T> context, OutcomeEvidence evidence)
        where T : class
    {
        var (saga, work) = (context.Saga, context.Work());
        saga.IsOpen = false;
        var outcome = States.Shown(saga.CurrentState)!.Value;
        saga.Outcome = new ContractOutcome(outcome, work.Now, evidence, saga.Open.Stop?.Outcome == outcome ? saga.Open.Stop.Reason : null);
        await context.FailReconciliations();
        saga.Open = saga.Open with { Actuals = null, Recovery = null, Replan = null, Hold = null, Escalation = null, Stop = null, Failure = null, AlsoFound = [], Data = saga.Open.Data.Clear() };
        var ended = new ContractEnded
        {
            ContractId = saga.CorrelationId, DeviceId = saga.DeviceId, TaskId = saga.TaskId, Version = saga.Version,
            Outcome = new Outcome { Status = saga.Outcome.Status, At = saga.Outcome.At, Evidence = evidence, Reason = saga.Outcome.Reason },
        };
        await context.Announce(ended);
        if (saga.Open.Gap is not null)
        {
            await context.ArmIn(DeadlineKind.Actuals, work.Settings.Actuals);
        }

        if (saga.SentRevision > 0)
        {
            await context.AcknowledgeJournal();
        }
    }
}
