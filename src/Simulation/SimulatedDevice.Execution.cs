using System.Security.Cryptography;
using System.Text;

namespace ExecutionManager.Simulation;

/// <content>What the device does by itself: choosing, executing, stopping.</content>
public sealed partial class SimulatedDevice
{
    private static readonly string[] StopOrder = ["self", "leaseEnd", "hold", "stop"];

    /// <summary>Everything due up to now, in the order of time and each at its own instant.</summary>
    private void Execute()
    {
        Choose();
        while (NextEvent() is { } next && next.At <= _now)
        {
            if (next.At > _at)
                _at = next.At;
            next.Act();
            Choose();
        }
        _at = _now;
        Choose();
    }

    private (DateTimeOffset At, Action Act)? NextEvent()
    {
        (DateTimeOffset At, Action Act)? next = null;
        void Consider(DateTimeOffset? at, Action act)
        {
            if (at is { } due && (next is null || due < next.Value.At))
                next = (due, act);
        }

        if (_current is null)
        {
            if (_state.Contracts.Any(c => c.AwaitsWord))
                return null;
            foreach (var contract in _state.Contracts)
                Consider(RunnableFrom(contract) is { } from && from > _at ? from : null, () => { });
            return next;
        }

        var current = _current;
        var running = current.Running!;
        Consider(running.Since + (running.Total - running.Elapsed), () => FinishAction(current));
        Consider(running.Since + (running.IncidentAfter - running.Elapsed), () => HaveIncident(current));
        if (current.Stop is { } stop)
        {
            Consider(stop.At, () => StandStill(current));
        }
        else
        {
            Consider(LeaseEndsAt(current) is { } end && end < DateTimeOffset.MaxValue ? end : null, () => BeginStop(current, "leaseEnd"));
            Consider(current.Document.NotAfter - _profile.ClockSkew, () => BeginStop(current, "self", "notAfter has passed"));
        }
        return next;
    }

    /// <summary>Of those it may run: the highest priority, then the earliest accepted; a running one stays.</summary>
    private void Choose()
    {
        while (_current is null && !IsSuspended && !_state.Contracts.Any(c => c.AwaitsWord))
        {
            var chosen = _state.Contracts
                .Where(c => RunnableFrom(c) <= _at)
                .OrderByDescending(c => c.Document.Priority)
                .ThenBy(c => c.AcceptedOrder)
                .FirstOrDefault();
            if (chosen is null)
                return;
            if (chosen.Status == ContractStatus.Paused)
                Journal(chosen, "resumed");
            (_current, chosen.Status, chosen.PausedUntil) = (chosen, ContractStatus.Executing, null);
            if (chosen.Running is null)
                StartNextAction(chosen);
            else
                Move(chosen);
        }
    }

    /// <summary>From when on the device may run a contract as things are; null: something has to change first.</summary>
    private DateTimeOffset? RunnableFrom(HeldContract contract)
    {
        if (contract is not { Intent: "run", Status: ContractStatus.Waiting or ContractStatus.Paused })
            return null;
        var document = contract.Document;
        if (document.FencingToken < _state.Tokens[document.TaskId] || (contract.Running is null && !HasRoom))
            return null;
        var from = document.NotBefore - _profile.ClockSkew ?? DateTimeOffset.MinValue;
        if (contract.PausedUntil > from)
            from = contract.PausedUntil.Value;
        var start = from > _at ? from : _at;
        return LeaseEndsAt(contract) > start && !(document.NotAfter - _profile.ClockSkew <= start) ? from : null;
    }

    /// <summary>Room for the two entries of an action and one ending entry per contract.</summary>
    private bool HasRoom =>
        _state.Contracts.Sum(c => c.Tail - c.AckedThrough) + 2 + _state.Contracts.Count <= _profile.StorageLimit;

    private void StartNextAction(HeldContract contract)
    {
        foreach (var action in contract.Document.Actions)
        {
            if (contract.Over.TryGetValue(action.ActionId, out var over))
            {
                if (over is "finished" or "skipped")
                    continue;
                Halt(contract, "fault", null, new { code = "actionIdReused", detail = $"{action.ActionId} was executed before and is {over}." });
                return;
            }
            if (!HasRoom)
            {
                (_current, contract.Status) = (null, ContractStatus.Waiting);
                return;
            }
            var behaviour = Behaviour(contract, action.ActionId, action.ActionType);
            if (behaviour.Skip)
            {
                contract.Over[action.ActionId] = "skipped";
                continue;
            }
            var extra = "own-" + action.ActionId;
            if (behaviour.ExtraBefore is { } type && !contract.Over.ContainsKey(extra))
            {
                StartAction(contract, new RunningAction { ActionId = extra, ActionType = type, IsExtra = true, Total = behaviour.ExtraFor });
                return;
            }
            var fraction = behaviour.Fraction ?? _chance.Draw($"duration/{contract.ContractId}/{action.ActionId}");
            var total = action.Min + (action.Max - action.Min) * fraction;
            var hasIncident = (behaviour.FailWith ?? behaviour.FaultWith ?? behaviour.Violate) is not null || behaviour.PauseFor is not null;
            StartAction(contract, new RunningAction
            {
                ActionId = action.ActionId,
                ActionType = action.ActionType,
                IsExtra = false,
                Total = total,
                IncidentAfter = hasIncident ? total * behaviour.IncidentAt : null,
            }, behaviour.WrongData);
            return;
        }
        Journal(contract, "completed");
        Leave(contract, ContractStatus.Completed);
    }

    private void StartAction(HeldContract contract, RunningAction action, bool wrongData = false)
    {
        contract.Running = action;
        var used = contract.Document.Data.Count == 0 ? null : contract.Document.Data.ToDictionary(
            d => d.Name, d => wrongData ? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("other " + d.Name))) : d.Sha256);
        Journal(contract, "actionStarted", action.ActionId,
            used is null && !action.IsExtra ? null : new { used, actionType = action.IsExtra ? action.ActionType : null });
        _executions.Add(new Execution(contract.ContractId, contract.Document.TaskId, contract.Document.FencingToken,
            contract.Document.Revision, action.ActionId, action.ActionType, _at, null, null));
        Move(contract);
    }

    private void FinishAction(HeldContract contract)
    {
        EndAction(contract, "finished", "actionFinished", null);
        if (contract.Stop is null || contract.Document.Actions.All(a => contract.Over.GetValueOrDefault(a.ActionId) is "finished" or "skipped"))
            StartNextAction(contract);
        else
            StandStill(contract);
    }

    private void HaveIncident(HeldContract contract)
    {
        var running = contract.Running!;
        var behaviour = Behaviour(contract, running.ActionId, running.ActionType);
        running.IncidentAfter = null;
        if (behaviour.FailWith is { } reason)
        {
            EndAction(contract, "failed", "actionFailed", new { reasonCode = reason, detail = $"{running.ActionId} failed." });
            Halt(contract, null, "actionFailed", null);
        }
        else if (behaviour.FaultWith is { } fault)
        {
            Halt(contract, "fault", null, new { code = fault, detail = "The device failed." });
        }
        else if (behaviour.Violate is { } kind)
        {
            Halt(contract, "scopeViolated", null, new { kind, detail = $"{running.ActionId} left the scope." });
        }
        else if (contract.Stop is null && behaviour.PauseFor is { } pause)
        {
            contract.PausedUntil = _at + pause;
            contract.Stop = (_at, "self", null);
        }
    }

    /// <summary>The device failed and stands still until it hears a new revision or desire.</summary>
    private void Halt(HeldContract contract, string? entryType, string? failedBy, object? data)
    {
        StopMoving();
        if (entryType is not null)
            Journal(contract, entryType, contract.Running?.ActionId, data);
        (contract.FailedBy, contract.AwaitsWord) = (failedBy ?? entryType, true);
        if (contract.Intent == "stop")
            EndStopped(contract);
        else
            Leave(contract, ContractStatus.Failed);
    }

    /// <summary>Starts a safe stop; of several reasons the strongest is told.</summary>
    private void BeginStop(HeldContract contract, string reason, string? detail = null)
    {
        if (contract.Stop is not { } stop)
        {
            var time = contract.Document.StopTime * _chance.Draw($"stop/{contract.ContractId}/{contract.Tail}");
            contract.Stop = (_at + time, reason, detail);
        }
        else if (Array.IndexOf(StopOrder, reason) > Array.IndexOf(StopOrder, stop.Reason))
        {
            contract.Stop = (stop.At, reason, detail);
        }
    }

    private void StandStill(HeldContract contract)
    {
        var (_, reason, detail) = contract.Stop!.Value;
        StopMoving();
        if (reason == "stop")
        {
            EndStopped(contract);
            return;
        }
        Journal(contract, "paused", data: new { reason, detail });
        Leave(contract, ContractStatus.Paused);
    }

    private void EndStopped(HeldContract contract)
    {
        if (contract.Running is not null)
            AbandonAction(contract);
        contract.AwaitsWord = false;
        Journal(contract, "stopped");
        Leave(contract, ContractStatus.Stopped);
    }

    private void AbandonAction(HeldContract contract) => EndAction(contract, "stopped", "actionStopped", null);

    private void EndAction(HeldContract contract, string over, string entryType, object? data)
    {
        var action = contract.Running!;
        // An action that is paused is over without a move; what the device moves for then is another contract.
        if (_current == contract)
            StopMoving();
        Journal(contract, entryType, action.ActionId, action.IsExtra ? new { actionType = action.ActionType } : data);
        contract.Over[action.ActionId] = over;
        contract.Running = null;
        var open = _executions.FindLastIndex(e => e.ContractId == contract.ContractId && e.ActionId == action.ActionId && e.EndedAt is null);
        if (open >= 0)
            _executions[open] = _executions[open] with { EndedAt = _at, Outcome = over };
    }

    private void Leave(HeldContract contract, ContractStatus status)
    {
        contract.Status = status;
        contract.Stop = null;
        if (_current == contract)
            _current = null;
        AnswerStill(contract);
    }

    private void Move(HeldContract contract)
    {
        contract.Running!.Since = _at;
        _movements.Add(new Movement(contract.ContractId, contract.Document.TaskId, contract.Document.FencingToken,
            _at, null, LeaseEndsAt(contract), contract.Document.StopTime));
    }

    /// <summary>Freezes what runs, in time and place.</summary>
    private void StopMoving()
    {
        if (_current is not { Running: { Since: not null } running } contract)
            return;
        var worked = running.ElapsedAt(_at) - running.Elapsed;
        (running.Elapsed, running.Since) = (running.Elapsed + worked, null);
        _state.Battery = Math.Max(0.05, _state.Battery - worked.TotalHours / 10);
        _state.Position = PositionOf(contract) ?? _state.Position;
        if (_movements.Count > 0)
            _movements[^1] = _movements[^1] with { To = _at, LeaseEndsAt = LeaseEndsAt(contract) };
    }

    private double[]? PositionOf(HeldContract contract) => contract.Running is { IsExtra: false } running
        ? contract.Document.Actions.FirstOrDefault(a => a.ActionId == running.ActionId)?.PositionAt(running.ProgressAt(_at))
        : null;

    private ActionBehaviour Behaviour(HeldContract contract, string actionId, string actionType) => _profile.Script.OnAction(new ActionContext(
        DeviceId, contract.ContractId, contract.Document.TaskId, contract.Document.TaskType, contract.Document.Revision, actionId, actionType));

    private DateTimeOffset? LeaseEndsAt(HeldContract contract) =>
        !_profile.EnforcesLease ? DateTimeOffset.MaxValue
        : contract.Lease is { } lease ? TrueTime(lease.End)
        : null;

    private long UptimeMs(DateTimeOffset at) => (long)((at - _bootedAt).TotalMilliseconds * (1 + _profile.UptimeDrift));

    private DateTimeOffset TrueTime(long uptimeMs) => _bootedAt + TimeSpan.FromMilliseconds(uptimeMs / (1 + _profile.UptimeDrift));

    private DateTime Wall(DateTimeOffset at) => (at + _profile.ClockSkew).UtcDateTime;
}
