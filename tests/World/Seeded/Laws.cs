using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using ExecutionManager.Simulation;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.World.Tests;

/// <summary>
/// The laws of what must never break, seen from outside: the committed database against what the devices truly did.
/// </summary>
internal sealed class Laws
{
    private const string EndsOnce = "a contract ends once, and is told to";

    private readonly IReadOnlyList<Link> links;
    private readonly Database database;
    private readonly List<Guid> named = [];
    private readonly List<(string Contract, string Move, string Detail)> news = [];
    private readonly Dictionary<Guid, ContractState> contracts = [];
    private readonly Dictionary<Guid, Chronicle> chronicles = [];
    private readonly Dictionary<Guid, DateTimeOffset> safe = [];
    private readonly Dictionary<(Guid, long), string> hashes = [];
    private readonly Dictionary<(Guid, long), Intent> intents = [];
    private readonly HashSet<(Guid, long)> heard = [];
    private readonly Dictionary<Guid, long> endings = [];
    private readonly Dictionary<Link, int> executionsSeen = [];
    private readonly HashSet<string> connected = [];
    private readonly List<OutboxMessage> outbox = [];
    private long dataVersion = -1;
    private long lastEvent;
    private long lastCommand;
    private long lastJournalRow;

    public Laws(Database database, IReadOnlyList<Link> links) => (this.database, this.links) = (database, links);

    public int Contracts => named.Count;

    /// <summary>Somebody lies: what follows is looked at, not judged.</summary>
    public bool IsLawless { get; init; }

    /// <summary>Contracts whose first leases nobody here can know of.</summary>
    public HashSet<Guid> Haunted { get; } = [];

    public int OpenContracts => contracts.Values.Count(contract => contract.IsOpen);

    public ContractState? this[Guid contract] => contracts.GetValueOrDefault(contract);

    public void Name(Guid contract)
    {
        if (!named.Contains(contract))
            named.Add(contract);
    }

    public string NameOf(Guid contract) => named.IndexOf(contract) is var index and >= 0 ? $"c{index + 1}" : "c?";

    public string StateOf(Guid contract) => this[contract]?.CurrentState ?? "None";

    public string StatesOf(Guid contract) => string.Join(' ', Of(contract).States);

    public Guid AnyContract(Random chance) => named[chance.Next(named.Count)];

    public string? AnyTask(Random chance) => contracts.Count == 0 ? null : contracts.Values.ElementAt(chance.Next(contracts.Count)).TaskId;

    public IReadOnlyList<(string Contract, string Move, string Detail)> TakeNews()
    {
        (string, string, string)[] taken = [.. news];
        news.Clear();
        return taken;
    }

    public async Task Check()
    {
        if (await database.Ask("PRAGMA data_version") is long version && version != dataVersion)
        {
            dataVersion = version;
            await Read();
            CheckStore();
        }
        foreach (var link in links)
            CheckDevice(link);
    }

    /// <summary>What the worker says to the outside.</summary>
    public void Observe(object message)
    {
        switch (message)
        {
            case ContractStateChanged changed:
                heard.Add((changed.ContractId, changed.Version));
                break;
            case ContractEnded ended:
                Require(States.IsTerminal(StateOf(ended.ContractId)) && (endings.TryAdd(ended.ContractId, ended.Version) || endings[ended.ContractId] == ended.Version),
                    EndsOnce, $"{NameOf(ended.ContractId)} is told to have ended at version {ended.Version}, and was at {endings.GetValueOrDefault(ended.ContractId)}");
                break;
            case PushContract push:
                var revision = (long)push.Contract.Revision!;
                Require(hashes.TryAdd((push.ContractId, revision), push.ContentHash) || hashes[(push.ContractId, revision)] == push.ContentHash,
                    "a revision number once sent is never reused", $"{NameOf(push.ContractId)} revision {revision} goes out with another content");
                Remember(push.ContractId, push.Desired.IntentVersion, push.Desired.Intent);
                break;
            case SetDesired desired when contracts.ContainsKey(desired.ContractId):
                Remember(desired.ContractId, desired.IntentVersion, desired.Intent);
                break;
            case AcknowledgeJournal acknowledged:
                Require(acknowledged.ThroughSeq <= Of(acknowledged.ContractId).StoredThrough(contracts.GetValueOrDefault(acknowledged.ContractId)),
                    "nothing is acknowledged that is not stored", $"{NameOf(acknowledged.ContractId)} through {acknowledged.ThroughSeq}");
                break;
        }
    }

    /// <summary>Why EM and devices do not agree yet; null when they do.</summary>
    public string? Disagreement()
    {
        foreach (var contract in contracts.Values)
        {
            var name = NameOf(contract.CorrelationId);
            var link = links.Single(one => one.Name == contract.DeviceId);
            var held = Held(link, contract.CorrelationId);
            if (contract.Open.Reassignment is { } open)
                return $"{name} is Reassigned, and nobody has its task after {open.Attempt} requests";
            if (States.IsTerminal(contract.CurrentState))
            {
                // Told so or not: what has ended is closed at the next connect at the latest.
                if (held is not null && (held.Status is not (Simulation.ContractStatus.Completed or Simulation.ContractStatus.Stopped) || (link.Profile.KeepsJournal && held.AckedThrough < held.Journal.Count)))
                    return $"{name} is {contract.CurrentState}, and {link.Name} still holds it ({held.Status}, {held.AckedThrough} of {held.Journal.Count} acknowledged)";
            }
            else if (contract.CurrentState != nameof(ContractMachine.Held))
            {
                return $"{name} is still {contract.CurrentState}";
            }
            else if (held is not null && (!held.IsStandingStill || held.Intent != "hold" || held.IntentVersion != contract.IntentVersion || contract.ConfirmedIntentVersion != contract.IntentVersion))
            {
                return $"{name} is Held, and {link.Name} has {held.Status} {held.Intent} v{held.IntentVersion} (confirmed {contract.ConfirmedIntentVersion} of {contract.IntentVersion})";
            }
            else if (held is not null && link.Profile.KeepsJournal && held.AckedThrough != held.Journal.Count)
            {
                return $"{name}: {held.AckedThrough} of {held.Journal.Count} entries are acknowledged";
            }
        }
        foreach (var link in links)
        {
            foreach (var held in link.Device.Contracts.Where(held => !contracts.ContainsKey(Guid.Parse(held.ContractId)) && held.Status is not (Simulation.ContractStatus.Completed or Simulation.ContractStatus.Stopped)))
                return $"{link.Name} holds {held.ContractId}, which nobody knows";
        }
        return null;
    }

    public void CheckEnd()
    {
        foreach (var contract in contracts.Values)
        {
            Require(endings.ContainsKey(contract.CorrelationId) == States.IsTerminal(contract.CurrentState) && Of(contract.CorrelationId).Endings == (contract.IsOpen ? 0 : 1),
                EndsOnce, $"{NameOf(contract.CorrelationId)} is {contract.CurrentState}, and has {Of(contract.CorrelationId).Endings} endings");
            for (var version = 1; version <= contract.Version; version++)
            {
                Require(heard.Contains((contract.CorrelationId, version)),
                    "what is published is what was committed", $"version {version} of {NameOf(contract.CorrelationId)} was never published");
            }
        }
    }

    public string Describe()
    {
        var lines = contracts.Values.Select(contract =>
            $"{NameOf(contract.CorrelationId)} on {contract.DeviceId}: {contract.CurrentState} v{contract.Version}, revision {contract.Revision} (sent {contract.SentRevision}, accepted {contract.AcceptedRevision}), "
            + $"{contract.Intent} v{contract.IntentVersion} (confirmed {contract.ConfirmedIntentVersion}), connected {contract.Connected} epoch {contract.ConnectionEpoch} change {contract.ConnectionChange}, seq {contract.Execution.Seq} {contract.Execution.Status}, "
            + $"waits for {string.Join(' ', contract.Deadlines.ByKind.Select(armed => $"{armed.Key}@{armed.Value.At:HH:mm:ss}"))}"
            + (contract.Open.Recovery is { } recovery ? $", {recovery.Failure.Kind}: {recovery.Failure.Detail}" : "")
            + (contract.Open.Actuals is { } actuals ? $", awaits actuals of epoch {actuals.Epoch} tail {actuals.Tail} asked {actuals.Asked}" : "") + (contract.Open.Gap is { } gap ? $", gap {gap}" : ""));
        var devices = links.Select(link =>
            $"{link.Name}: epoch {link.Device.Epoch} {(link.Device.IsConnected ? "connected" : "away")}{(link.IsSilent ? " silent" : "")}{(link.Profile.KeepsJournal ? "" : " snapshot")}{(link.Profile.EnforcesLease ? "" : " no lease")}"
            + string.Concat(link.Device.Contracts.Select(held => $"\n    {NameOf(Guid.Parse(held.ContractId))} r{held.Revision} {held.Status} {held.Intent} v{held.IntentVersion}, {held.AckedThrough} of {held.Journal.Count}: {string.Join(' ', held.Journal.Select(entry => entry.ActionId is null ? entry.Type : $"{entry.Type}:{entry.ActionId}"))}")));
        return string.Join('\n', lines.Concat(devices));
    }

    private void Require(bool holds, string law, string what)
    {
        if (!holds && !IsLawless)
            throw new LawBroken(law, what);
    }

    private static ContractView? Held(Link link, Guid contract) => link.Device.Contracts.FirstOrDefault(held => Guid.Parse(held.ContractId) == contract);

    private static ContractView? Known(Link link, Guid contract) =>
        Held(link, contract) ?? link.Device.Closed.LastOrDefault(closed => Guid.Parse(closed.ContractId) == contract);

    private Chronicle Of(Guid contract)
    {
        if (!chronicles.TryGetValue(contract, out var chronicle))
            chronicles[contract] = chronicle = new Chronicle();
        return chronicle;
    }

    private void Remember(Guid contract, long version, Intent intent) => Require(
        intents.TryAdd((contract, version), intent) || intents[(contract, version)] == intent,
        "an intent version means one intent", $"{NameOf(contract)} v{version} is {intent} and was {intents.GetValueOrDefault((contract, version))}");

    private async Task Read()
    {
        outbox.Clear();
        await database.Select("SELECT MessageId, Destination, MessageType, SchedulingToken, ParkedAt, LastError, CorrelationId FROM Outbox", row => outbox.Add(new OutboxMessage
        {
            MessageId = row.GetGuid(0), Destination = row.GetString(1), MessageType = row.GetString(2), SchedulingToken = row.IsDBNull(3) ? null : row.GetGuid(3),
            ParkedAt = row.IsDBNull(4) ? null : row.GetDateTime(4), LastError = row.IsDBNull(5) ? null : row.GetString(5), CorrelationId = row.IsDBNull(6) ? null : row.GetGuid(6),
        }));
        await database.Select($"SELECT Sequence, ContractId, Name, Version, Body FROM events WHERE Sequence > {lastEvent} ORDER BY Sequence", row =>
        {
            lastEvent = row.GetInt64(0);
            Chronicle(row.GetGuid(1), row.GetString(2), row.GetInt32(3), JsonDocument.Parse(row.GetString(4)).RootElement);
        });
        await database.Select($"SELECT rowid, ContractId, Seq, Json FROM journal WHERE rowid > {lastJournalRow} ORDER BY rowid", row =>
        {
            lastJournalRow = row.GetInt64(0);
            Of(row.GetGuid(1)).Stored[row.GetInt64(2)] = JsonDocument.Parse(row.GetString(3)).RootElement.GetProperty("type").GetString()!;
        });
        await database.Select("SELECT ContractId, SafeToReassignAt FROM grants", row =>
        {
            var (contract, safeAt) = (row.GetGuid(0), new DateTimeOffset(row.GetInt64(1), TimeSpan.Zero));
            Require(safeAt >= safe.GetValueOrDefault(contract), "safeToReassignAt never decreases", NameOf(contract));
            safe[contract] = safeAt;
        });
        connected.Clear();
        await database.Select("SELECT DeviceId FROM devices WHERE Connected = 1", row => connected.Add(row.GetString(0)));
        await ReadContracts();
        await database.Select($"SELECT Sequence, Body FROM Outbox WHERE Sequence > {lastCommand} AND (MessageType LIKE '%:{nameof(SetDesired)}' OR MessageType LIKE '%:{nameof(PushContract)}') ORDER BY Sequence", row =>
        {
            lastCommand = row.GetInt64(0);
            var command = JsonDocument.Parse((byte[])row.GetValue(1)).RootElement.GetProperty("message");
            var desired = command.TryGetProperty("desired", out var pushed) ? pushed : command;
            // A grant of before the stop may lie beside it: who is cancelled before he has started is pushed first.
            Require(!desired.TryGetProperty("asOf", out _) || this[command.GetProperty("contractId").GetGuid()] is not { } granted || granted.Intent != Intent.Stop
                || desired.GetProperty("intentVersion").GetInt64() < granted.IntentVersion,
                "no lease is renewed of what is being stopped", NameOf(command.GetProperty("contractId").GetGuid()));
            Require(desired.GetProperty("intent").GetString() != "run" || this[command.GetProperty("contractId").GetGuid()]?.Open.Actuals is not { Returned: true },
                "leave to run goes out only after the journal is read", NameOf(command.GetProperty("contractId").GetGuid()));
        });
    }

    private async Task ReadContracts()
    {
        var changed = new List<Guid>();
        await database.Select("SELECT CorrelationId, RowVersion FROM contracts", row =>
        {
            if (this[row.GetGuid(0)]?.RowVersion != row.GetInt32(1))
                changed.Add(row.GetGuid(0));
        });
        if (changed.Count == 0)
            return;
        foreach (var contract in await database.Context.Contracts.AsNoTracking().Where(contract => changed.Contains(contract.CorrelationId)).OrderBy(contract => contract.CorrelationId).ToListAsync())
        {
            var before = this[contract.CorrelationId];
            contracts[contract.CorrelationId] = contract;
            Compare(before, contract);
        }
    }

    /// <summary>History in its order: versions without a gap, entries applied once and in order.</summary>
    private void Chronicle(Guid contract, string what, int version, JsonElement body)
    {
        var (chronicle, name) = (Of(contract), NameOf(contract));
        switch (what)
        {
            case nameof(ContractStateChanged):
                Require(version == chronicle.Version + 1, "events are the transitions, one after the other",
                    $"{name} version {version} follows {chronicle.Version}");
                var (from, to) = (body.TryGetProperty("from", out var left) ? left.GetString() : null, body.GetProperty("to").GetString());
                Require(from == chronicle.State, "events are the transitions, one after the other",
                    $"{name} version {version} comes from {from}, but it was {chronicle.State}");
                (chronicle.Version, chronicle.State) = (version, to);
                chronicle.States.Add(char.ToUpperInvariant(to![0]) + to[1..]);
                news.Add((name, $"{from} → {to} ({body.GetProperty("cause").GetString()})",
                    body.TryGetProperty("evidence", out var evidence) && evidence.TryGetProperty("failure", out var failure) ? $"{failure.GetProperty("kind")}: {failure.GetProperty("detail")}" : ""));
                break;
            case nameof(ContractEnded):
                Require(++chronicle.Endings == 1, EndsOnce, $"{name} ends again at version {version}");
                break;
            case "JournalApplied" when body.GetProperty("cause").GetString() == "journalApplied":   // late evidence is kept beside
                var range = body.GetProperty("evidence");
                chronicle.Applied.Add((range.GetProperty("fromSeq").GetInt64(), range.GetProperty("throughSeq").GetInt64()));
                break;
        }
    }

    private void CheckStore()
    {
        if (outbox.Find(row => row.ParkedAt is not null) is { } parked)
            throw new LawBroken("no handler fails", $"{parked.MessageType} for {parked.Destination}: {parked.LastError}");

        var tokens = outbox.Where(row => row is { SchedulingToken: not null, Destination: "contract" }).Select(row => row.SchedulingToken!.Value).ToHashSet();
        foreach (var contract in contracts.Values)
        {
            var name = NameOf(contract.CorrelationId);
            foreach (var (kind, armed) in contract.Deadlines.ByKind)
                Require(tokens.Remove(armed.Token), "every armed deadline is a row", $"{name} waits for {kind} at {armed.At:HH:mm:ss}, and nothing will tell it");
            if (States.IsTerminal(contract.CurrentState))
                continue;
            Require(contract.CurrentState == "Initial"
                    ? outbox.Exists(row => row.MessageType.Contains(nameof(ContractSubmitted), StringComparison.Ordinal) && row.CorrelationId == contract.CorrelationId)
                    : !contract.Deadlines.ByKind.IsEmpty,
                "a contract never waits without a deadline", $"{name} in {contract.CurrentState}");
        }
        Require(tokens.Count == 0, "every deadline's row is armed", $"{tokens.Count} would fire for nothing");
        foreach (var contract in contracts.Values.Where(contract => contract.CurrentState == nameof(ContractMachine.AwaitingConnection) && connected.Contains(contract.DeviceId)))
        {
            Require(contract.Deadlines.Of(DeadlineKind.Command) is not null
                || outbox.Exists(row => row.MessageType.Contains(nameof(ConnectionChanged), StringComparison.Ordinal) && row.CorrelationId == contract.CorrelationId),
                "who waits for a connection is told of it", NameOf(contract.CorrelationId));
        }
        foreach (var task in contracts.Values.Where(contract => contract.IsOpen).GroupBy(contract => contract.TaskId))
            Require(task.Count() == 1, "one task, one contract", string.Join(' ', task.Select(contract => NameOf(contract.CorrelationId))));

        var waiting = outbox.Where(row => row.Destination == "applications" && row.MessageType.Contains(nameof(ContractStateChanged), StringComparison.Ordinal)).Select(row => row.MessageId).Distinct().Count();
        var transitions = contracts.Values.Sum(contract => contract.Version);
        Require(heard.Count <= transitions && waiting + heard.Count >= transitions && waiting <= transitions, "what is published is what was committed",
            $"{transitions} transitions, {waiting} announcements wait, {heard.Count} were heard");
    }

    /// <summary>What one transaction made of a contract.</summary>
    private void Compare(ContractState? before, ContractState now)
    {
        var (name, chronicle) = (NameOf(now.CorrelationId), Of(now.CorrelationId));
        Require(now.Version == chronicle.Version, "events are the transitions, one after the other", $"{name} is at version {now.Version}, its history at {chronicle.Version}");
        Require(before is null || !States.IsTerminal(before.CurrentState) || before.CurrentState == now.CurrentState, "the outcome never changes", $"{name} was {before?.CurrentState} and is {now.CurrentState}");
        Require(before is not { Open.JournalLost: true, CurrentState: nameof(ContractMachine.Recovering) or nameof(ContractMachine.Escalated) } || now.Revision == before.Revision, "a journal lost excludes retry", $"{name} has revision {now.Revision}, before {before?.Revision}");
        Require(before is null || now.IntentVersion >= before.IntentVersion && now.Revision >= before.Revision, "versions only grow", name);
        Require(now.CurrentState == "Initial" || now.Open.Replan is { Reason: ReplanReason.Outdated }
            || now.Intent == (States.IntentOf(now.CurrentState, now.Open.Stop is not null) ?? now.Intent), "every state has its intent", $"{name} in {now.CurrentState} desires {now.Intent}");
        Require(now.Open.Actuals is null || now.Deadlines.Of(DeadlineKind.Actuals) is not null, "actuals are not awaited for ever", $"{name} in {now.CurrentState}, before in {before?.CurrentState}");
        CheckJournal(now, name, chronicle);
        if (States.IsTerminal(now.CurrentState) && (before is null || !States.IsTerminal(before.CurrentState)))
            CheckEvidence(now, name);
    }

    private void CheckJournal(ContractState now, string name, Chronicle chronicle)
    {
        while (chronicle.Applied.Count > 0)
        {
            var (from, through) = chronicle.Applied[0];
            Require(from > chronicle.AppliedThrough, "no entry is applied twice", $"{name} applied {from} to {through} after {chronicle.AppliedThrough}");
            for (var seq = chronicle.AppliedThrough + 1; seq < from; seq++)
                Require(IsLost(now, seq), "no entry is left out", $"{name} applied {from} to {through} after {chronicle.AppliedThrough}");
            chronicle.AppliedThrough = through;
            chronicle.Applied.RemoveAt(0);
        }
        for (var seq = chronicle.AppliedThrough + 1; seq <= now.Execution.Seq; seq++)
            Require(IsLost(now, seq), "no entry is left out", $"{name} counts through {now.Execution.Seq}, its history through {chronicle.AppliedThrough}");

        var link = links.Single(one => one.Name == now.DeviceId);
        if (!link.Profile.KeepsJournal || link.Lost.Contains(now.CorrelationId) || Known(link, now.CorrelationId) is not { } truth)
            return;
        Require(now.Execution.Seq <= truth.Journal.Count, "nothing is applied that the device did not write", $"{name}: {now.Execution.Seq} of {truth.Journal.Count}");
        for (var seq = 1; seq <= now.Execution.Seq; seq++)
        {
            Require(chronicle.Stored.TryGetValue(seq, out var type) ? type == truth.Journal[seq - 1].Type : IsLost(now, seq),
                "no report is lost", $"{name} entry {seq} is {truth.Journal[seq - 1].Type} on the device and {type ?? "missing"} here");
        }
        if (now.Execution.Lost.IsEmpty)
        {
            var told = truth.Journal.Take((int)now.Execution.Seq).Aggregate(Domain.Execution.None, (fold, entry) => fold.Apply(
                new Domain.JournalEntry(entry.Seq, (int)entry.Revision, now.CreatedAt, entry.Type, entry.ActionId, entry.Data)));
            // An operator's word stands beside what the device said, never in it.
            Require(Words(told) == Words(now.Open.Attested?.Known ?? now.Execution), "what happened is what the device's journal says", $"{name} is {Words(now.Execution)}, the journal says {Words(told)}");
        }

        static string Words(Domain.Execution fold) => $"{fold.Status} {string.Join(' ', fold.Executed.Select(record => $"{record.ActionId}:{record.Status}"))}";
    }

    private static bool IsLost(ContractState contract, long seq) => contract.Execution.Lost.Any(range => range.From <= seq && seq <= range.To);

    private void CheckEvidence(ContractState now, string name)
    {
        const string Law = "no terminal state without evidence";
        var waits = now.Deadlines.ByKind.Keys.Except([DeadlineKind.Reassignment]).Any();
        Require(!now.IsOpen && now.Outcome is not null && (now.Open.Reassignment is not null || now.Deadlines.Of(DeadlineKind.Reassignment) is null)
            && waits == (now.Open.Gap is not null) && (!waits || now.Deadlines.Of(DeadlineKind.Actuals) is not null),
            "what is over waits for its successor and for what is missing of its journal, and for nothing else", name);
        if (now.SentRevision == 0)
            return;
        var link = links.Single(one => one.Name == now.DeviceId);
        var truth = Known(link, now.CorrelationId);
        if (now.CurrentState == nameof(ContractMachine.Completed))
        {
            Require(truth?.Status == Simulation.ContractStatus.Completed || link.Lost.Contains(now.CorrelationId), Law, $"{name} is Completed, on {link.Name} it is {truth?.Status}");
        }
        else if (now.Outcome!.Evidence == OutcomeEvidence.Device)
        {
            Require(truth is null or { Status: Simulation.ContractStatus.Completed or Simulation.ContractStatus.Stopped }, Law,
                $"{name} is {now.CurrentState} by the device's word, on {link.Name} it is {truth?.Status}");
        }
        else if (now.Outcome!.Evidence == OutcomeEvidence.Operator)
        {
            Require(IsGone(now.CorrelationId), Law, $"{name} is {now.CurrentState} by an operator's word, on {link.Name} it is {truth?.Status}");
        }
        else
        {
            Require(link.Profile.EnforcesLease, Law, $"{name} is {now.CurrentState} by the end of a lease that {link.Name} does not enforce");
        }
    }

    /// <summary>Seen on site: the device does not hold the contract, or has ended it.</summary>
    public bool IsGone(Guid contract) =>
        links.Single(one => one.Name == contracts[contract].DeviceId) is var link
        && Held(link, contract) is null or { Status: Simulation.ContractStatus.Completed or Simulation.ContractStatus.Stopped }
        && !link.Down.Exists(command => command.Topic.EndsWith("/contract", StringComparison.Ordinal));

    private void CheckDevice(Link link)
    {
        var device = link.Device;
        if (device.IsExecuting && device.Current is { } mine && !Haunted.Contains(Guid.Parse(mine.ContractId)))
        {
            var others = links.Where(other => other != link && other.Device is { IsExecuting: true, Current: { } theirs } && theirs.TaskId == mine.TaskId && !Haunted.Contains(Guid.Parse(theirs.ContractId)));
            Require(!others.Any(), "at most one device executes a task", $"{mine.TaskId} is executed by {link.Name} and {string.Join(' ', others.Select(other => other.Name))}");
        }

        if (device.IsExecuting && device.Current is { } current && !Haunted.Contains(Guid.Parse(current.ContractId)) && contracts.TryGetValue(Guid.Parse(current.ContractId), out var running))
        {
            Require(!States.IsTerminal(running.CurrentState), "at most one device executes a task",
                $"{NameOf(running.CorrelationId)} is {running.CurrentState} ({running.Outcome?.Evidence}), and {link.Name} still executes it");
        }
        foreach (var execution in device.Executions.Skip(executionsSeen.GetValueOrDefault(link)))
        {
            Require(link.Lost.Contains(Guid.Parse(execution.ContractId)) || device.Executions.Count(one => one.ContractId == execution.ContractId && one.ActionId == execution.ActionId) == 1,
                "no action is executed twice", $"{execution.ActionId} of {NameOf(Guid.Parse(execution.ContractId))} on {link.Name}");
        }
        executionsSeen[link] = device.Executions.Count;
        foreach (var held in device.Contracts)
        {
            var contract = Guid.Parse(held.ContractId);
            if (link.Profile.KeepsJournal && held.AckedThrough > 0)
            {
                Require(held.AckedThrough <= Of(contract).StoredThrough(contracts.GetValueOrDefault(contract)), "nothing is acknowledged that is not stored",
                    $"{link.Name} was told that {NameOf(contract)} is stored through {held.AckedThrough}");
            }
            if (link.Profile.EnforcesLease && held.LeaseEndsAt is { } end && !Haunted.Contains(contract))
            {
                Require(end + held.StopTime <= safe.GetValueOrDefault(contract), "a device stands still by safeToReassignAt",
                    $"the lease of {NameOf(contract)} on {link.Name} ends at {end:HH:mm:ss.fff}, stopping may take {held.StopTime}, and it counts as safe at {safe.GetValueOrDefault(contract):HH:mm:ss.fff}");
            }
        }
    }
}

/// <summary>What was seen of one contract's journal and history.</summary>
internal sealed class Chronicle
{
    public int Version { get; set; }
    public string? State { get; set; }
    public int Endings { get; set; }
    public List<string> States { get; } = [];
    public long AppliedThrough { get; set; }
    public List<(long From, long Through)> Applied { get; } = [];
    public Dictionary<long, string> Stored { get; } = [];

    /// <summary>Entries are stored without gaps through here; what was given up counts.</summary>
    public long StoredThrough(ContractState? contract)
    {
        var through = 0L;
        while (Stored.ContainsKey(through + 1) || contract?.Execution.Lost.Any(range => range.From <= through + 1 && through + 1 <= range.To) == true)
            through++;
        return through;
    }
}
