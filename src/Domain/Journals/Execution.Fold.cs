using System.Collections.Immutable;
using System.Text.Json;

namespace ExecutionManager.Domain;

public sealed partial record Execution
{
    private const int MaxUsed = 100;

    /// <summary>Applies the next entry. One that is already applied changes nothing.</summary>
    /// <exception cref="InvalidOperationException">An entry before it is missing (<see cref="JournalIntake"/>).</exception>
    public Execution Apply(JournalEntry entry)
    {
        if (entry.Seq <= Seq)
        {
            return this;
        }
        if (entry.Seq > Seq + 1)
        {
            throw new InvalidOperationException($"Entry {entry.Seq} cannot follow {Seq}.");
        }
        var next = Under(entry.Revision) with { Seq = entry.Seq, At = Instants.Max(entry.At, At), Clamped = Clamped || entry.Clamped };
        return entry.Type switch
        {
            EntryTypes.Accepted => next.Accept(entry),
            EntryTypes.ActionStarted => next.Start(entry).Use(entry).Stand(ExecutionStatus.Executing),
            EntryTypes.ActionFinished => next.End(entry, ActionStatus.Finished),
            EntryTypes.ActionFailed => next.End(entry, ActionStatus.Failed).Stand(ExecutionStatus.Failed),
            EntryTypes.ActionStopped => next.End(entry, ActionStatus.Stopped),
            EntryTypes.Paused => next.Interrupt(entry.At).Stand(ExecutionStatus.Paused, entry.Text("reason") ?? "self"),
            EntryTypes.Resumed => next.Continue(entry.At),
            EntryTypes.ScopeViolated or EntryTypes.Fault => next.Interrupt(entry.At).Stand(ExecutionStatus.Failed),
            EntryTypes.Completed => next.Stand(ExecutionStatus.Completed).Over(entry.At),
            EntryTypes.Stopped => next.Abandon(entry.At).Stand(ExecutionStatus.Stopped).Over(entry.At),
            _ => next,
        };
    }

    /// <summary>
    /// Takes in a snapshot: position and progress; where entries are lost, also what it says of actions. An older one
    /// than the last changes nothing. It never ends a contract: that is the journal's word.
    /// </summary>
    public Execution Observe(Snapshot snapshot)
    {
        if (snapshot.At < SnapshotAt || snapshot.Status == ExecutionStatus.Unknown)
        {
            return this;
        }
        var next = Under(snapshot.Revision) with
        {
            SnapshotAt = snapshot.At,
            At = Instants.Max(snapshot.At, At),
            Position = snapshot.Position ?? Position,
        };
        foreach (var (actionId, seen) in snapshot.Actions.OrderBy(action => action.Key, StringComparer.Ordinal))
        {
            next = next.Observe(actionId, seen, snapshot.At);
        }
        return next;
    }

    /// <summary>Gives up entries that never came. A range already passed changes nothing.</summary>
    /// <exception cref="InvalidOperationException">The range does not begin with the next entry.</exception>
    public Execution Skip(SeqRange range)
    {
        if (range.To <= Seq)
        {
            return this;
        }
        if (range.From > Seq + 1)
        {
            throw new InvalidOperationException($"Entries {range.From} to {range.To} cannot be skipped at {Seq}.");
        }
        var from = Math.Max(range.From, Seq + 1);
        return this with
        {
            Seq = range.To,
            Lost = Lost is [.., var last] && last.To + 1 == from
                ? Lost.SetItem(Lost.Length - 1, last with { To = range.To })
                : Lost.Add(new(from, range.To)),
        };
    }

    /// <summary>Any entry of a revision is evidence that it was accepted; an older one changes nothing.</summary>
    private Execution Under(int revision) => revision <= Revision ? this : this with
    {
        Revision = revision,
        AcceptedSeq = 0,
        Used = [],
    };

    private Execution Accept(JournalEntry entry) => (entry.Revision < Revision ? this : this with { AcceptedSeq = entry.Seq })
        .Stand(Status == ExecutionStatus.Paused ? ExecutionStatus.Paused
            : Running is { Status: not ActionStatus.Paused } ? ExecutionStatus.Executing
            : ExecutionStatus.Waiting, PausedReason);

    private Execution Start(JournalEntry entry) => entry.ActionId is not { } actionId ? this
        : Of(actionId) is { IsOpen: true } open ? Put(Going(open, entry.At) with { Revision = Revision, Slack = Slack(entry) })
        : Add(Going(new(actionId, ActionStatus.Running, Revision, entry.Text("actionType"), entry.At, Slack: Slack(entry)), entry.At));

    private Execution End(JournalEntry entry, ActionStatus status)
    {
        if (entry.ActionId is not { } actionId)
        {
            return this;
        }
        // The start of an action may be among lost entries: its end is a fact all the same.
        var record = Of(actionId);
        var ended = Halted(record is { IsOpen: true } ? record : new(actionId, status, Revision, entry.Text("actionType")), entry.At) with
        {
            Status = status,
            Progress = status == ActionStatus.Finished ? null : record?.Progress,
            Revision = Revision,
            EndedAt = entry.At,
            Slack = Slack(entry),
        };
        return record is { IsOpen: true } ? Put(ended)
            : record?.Status == status ? this
            : Add(ended);
    }

    /// <summary>What a snapshot shows has happened since the one before it, or at any time before the first.</summary>
    private TimeSpan Slack(JournalEntry entry) => !entry.Derived ? TimeSpan.Zero
        : SnapshotAt is not { } before ? TimeSpan.FromDays(365)
        : entry.At > before ? entry.At - before : TimeSpan.Zero;

    private Execution Use(JournalEntry entry)
    {
        if (entry.Data is not { ValueKind: JsonValueKind.Object } data
            || !data.TryGetProperty("used", out var used) || used.ValueKind != JsonValueKind.Object)
        {
            return this;
        }
        var all = Used;
        foreach (var field in used.EnumerateObject())
        {
            var use = field.Value.Text() is { } hash ? new DataUse(field.Name, ContractData.Normalize(hash), entry.ActionId) : null;
            if (use is not null && all.Length < MaxUsed && !all.Any(known => known.Name == use.Name && known.Sha256 == use.Sha256))
            {
                all = all.Add(use);
            }
        }
        return this with { Used = all };
    }

    private Execution Interrupt(DateTimeOffset at) => Each(record =>
        record.IsOpen ? Halted(record, at) with { Status = ActionStatus.Paused } : record);

    private Execution Continue(DateTimeOffset at)
    {
        var next = Each(record => record.IsOpen ? Going(record, at) : record);
        return next.Stand(next.Running is null ? ExecutionStatus.Waiting : ExecutionStatus.Executing);
    }

    private Execution Abandon(DateTimeOffset at) => Each(record =>
        record.IsOpen ? Halted(record, at) with { Status = ActionStatus.Stopped, EndedAt = at } : record);

    private Execution Over(DateTimeOffset at) => this with { EndedAt = EndedAt ?? at };

    /// <summary>Once ended, a contract never stands otherwise: its outcome does not change.</summary>
    private Execution Stand(ExecutionStatus status, string? pausedReason = null) => IsEnded ? this : this with
    {
        Status = status,
        PausedReason = status == ExecutionStatus.Paused ? pausedReason : null,
    };

    private Execution Observe(string actionId, SnapshotAction seen, DateTimeOffset at)
    {
        var next = Lost.IsEmpty ? this : Learn(actionId, seen.Status);
        return next.Of(actionId) is { IsOpen: true } record && Runs(seen.Status)
            ? next.Put(record with
            {
                SeenAt = Instants.Max(at, record.SeenAt),
                Progress = seen.Progress ?? record.Progress,
                ProgressAt = seen.Progress is null ? record.ProgressAt : at,
            })
            : next;
    }

    /// <summary>What a lost entry must have said. Its instant stays unknown.</summary>
    private Execution Learn(string actionId, ActionStatus seen) => Of(actionId) switch
    {
        { IsOpen: true } record when !Runs(seen) && seen != ActionStatus.Waiting =>
            Put(record with { Status = seen, RunningSince = null }),
        null when seen != ActionStatus.Waiting =>
            Add(new(actionId, seen == ActionStatus.Initializing ? ActionStatus.Running : seen, Revision)),
        _ => this,
    };

    private static bool Runs(ActionStatus status) =>
        status is ActionStatus.Initializing or ActionStatus.Running or ActionStatus.Paused;

    private static ActionRecord Going(ActionRecord record, DateTimeOffset at) => record with
    {
        Status = ActionStatus.Running,
        RunningSince = record.RunningSince ?? at,
        SeenAt = Instants.Max(at, record.SeenAt),
    };

    private static ActionRecord Halted(ActionRecord record, DateTimeOffset at) => record with
    {
        Ran = record.ElapsedAt(at) ?? TimeSpan.Zero,
        RunningSince = null,
        SeenAt = record.SeenAt is null ? null : Instants.Max(at, record.SeenAt),
    };

    private Execution Each(Func<ActionRecord, ActionRecord> change) =>
        Running is null ? this : this with { Executed = [.. Executed.Select(change)] };

    private Execution Put(ActionRecord record)
    {
        var at = Executed.Length - 1;
        while (Executed[at].ActionId != record.ActionId)
        {
            at--;
        }
        return this with { Executed = Executed.SetItem(at, record) };
    }

    private Execution Add(ActionRecord record)
    {
        var kept = Executed.Length < MaxExecuted ? Executed : Executed.RemoveAt(0);
        return this with { Executed = kept.Add(record) };
    }
}
