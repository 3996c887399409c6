using System.Text.Json;

namespace ExecutionManager.Domain;

/// <summary>Writes the journal of devices that only have snapshots.</summary>
public static class Snapshots
{
    /// <summary>
    /// What an operator attests, taken as what a snapshot shows, unless the device's evidence is newer. It takes no
    /// <c>seq</c>: the next word of the device is applied to the execution as it was before. When actions began and
    /// ended is not said by it and stays unknown.
    /// </summary>
    public static Execution Attest(Contract contract, Execution execution, Snapshot attested)
    {
        if (execution.IsEnded || attested.At < execution.At)
        {
            return execution;
        }
        var said = Derive(contract, execution, attested).Aggregate(execution, (known, entry) => known.Apply(entry)).Observe(attested);
        return said with
        {
            Seq = execution.Seq,
            AcceptedSeq = execution.AcceptedSeq,
            Executed = [.. said.Executed.Select(record => execution.Executed.Contains(record) ? record : record with
            {
                StartedAt = execution.Of(record.ActionId)?.StartedAt,
                EndedAt = null,
                Slack = default,
            })],
        };
    }

    /// <summary>
    /// The entries that lead from what is known to what the snapshot shows, in the order of the plan (an order that
    /// cannot be known costs nothing), marked as derived. Applied, the same snapshot yields none.
    /// </summary>
    public static IReadOnlyList<JournalEntry> Derive(Contract contract, Execution execution, Snapshot snapshot)
    {
        var entries = new List<JournalEntry>();
        var known = execution;
        if (execution.IsEnded || snapshot.Status == ExecutionStatus.Unknown || snapshot.At < execution.At)
        {
            return entries;
        }

        void Write(string type, string? actionId = null, object? data = null)
        {
            var entry = new JournalEntry(known.Seq + 1, Math.Max(snapshot.Revision, known.Revision), snapshot.At, type, actionId,
                data is null ? null : JsonSerializer.SerializeToElement(data), Derived: true);
            entries.Add(entry);
            known = known.Apply(entry);
        }

        if (snapshot.Revision > known.Revision)
        {
            Write(EntryTypes.Accepted);
        }
        var planned = contract.Actions.Select(action => action.ActionId).ToHashSet(StringComparer.Ordinal);
        var others = snapshot.Actions.Keys.Where(id => !planned.Contains(id)).Order(StringComparer.Ordinal);
        foreach (var actionId in contract.Actions.Select(action => action.ActionId).Concat(others))
        {
            if (snapshot.Actions.TryGetValue(actionId, out var seen))
            {
                WriteAction(actionId, seen.Status);
            }
        }
        WriteStatus();
        return entries;

        void WriteAction(string actionId, ActionStatus seen)
        {
            var record = known.Of(actionId);
            var begun = seen != ActionStatus.Waiting;
            if (begun && record is null)
            {
                Write(EntryTypes.ActionStarted, actionId);
                record = known.Of(actionId);
            }
            var end = seen switch
            {
                ActionStatus.Finished => EntryTypes.ActionFinished,
                ActionStatus.Failed => EntryTypes.ActionFailed,
                ActionStatus.Stopped or ActionStatus.Waiting => EntryTypes.ActionStopped,
                ActionStatus.Initializing or ActionStatus.Running or ActionStatus.Paused => null,
            };
            if (end is not null && record is { IsOpen: true })
            {
                Write(end, actionId);
            }
        }

        void WriteStatus()
        {
            switch (snapshot.Status)
            {
                case ExecutionStatus.Paused when known.Status != ExecutionStatus.Paused:
                    Write(EntryTypes.Paused, data: new { reason = "self" });
                    break;
                case ExecutionStatus.Executing or ExecutionStatus.Waiting when known.Status is ExecutionStatus.Paused or ExecutionStatus.Failed:
                    Write(EntryTypes.Resumed);
                    break;
                case ExecutionStatus.Failed when known.Status != ExecutionStatus.Failed:
                    Write(EntryTypes.Fault, data: new { code = "unknown", detail = "the snapshot says failed" });
                    break;
                case ExecutionStatus.Completed:
                    Write(EntryTypes.Completed);
                    break;
                case ExecutionStatus.Stopped:
                    Write(EntryTypes.Stopped);
                    break;
                default:
                    break;
            }
        }
    }
}
