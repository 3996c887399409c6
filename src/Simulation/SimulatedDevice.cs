using System.Text;
using System.Text.Json;
using System.Xml;

namespace ExecutionManager.Simulation;

/// <summary>
/// A conforming <c>em/v1</c> device as a step function over topics and bodies: no threads, no clock, no network.
/// Each call is given the true time, which must not go back, and returns what the device publishes then.
/// </summary>
public sealed partial class SimulatedDevice
{
    private readonly DeviceProfile _profile;
    private readonly Chance _chance;
    private readonly string _topics;
    private readonly List<DeviceMessage> _out = [];
    private DeviceState _state = new();
    private HeldContract? _current;
    private DateTimeOffset _bootedAt;
    private DateTimeOffset _now;
    private DateTimeOffset _at;
    private DateTimeOffset _telemetryAt;

    public SimulatedDevice(DeviceProfile profile, DateTimeOffset now)
    {
        _profile = profile;
        _chance = new Chance(profile.Seed);
        _topics = $"em/v1/{profile.DeviceId}/";
        _bootedAt = _now = _at = _state.At = now;
    }

    public string DeviceId => _profile.DeviceId;

    public long Epoch => _state.Epoch;

    /// <summary>As the device believes: it learns of a lost connection by <see cref="Disconnect"/>.</summary>
    public bool IsConnected { get; private set; }

    public bool IsSuspended { get; private set; }

    /// <summary>It was told that its epoch is too old; who runs it disconnects it and connects it again.</summary>
    public bool WantsReconnect { get; private set; }

    /// <summary>When to call <see cref="Advance"/> at the latest; null: nothing will happen by itself.</summary>
    public DateTimeOffset? NextAt
    {
        get
        {
            DateTimeOffset? next = IsSuspended ? null : NextEvent()?.At;
            if (IsConnected && !IsSuspended)
            {
                next = Earliest(next, _telemetryAt);
                foreach (var contract in _state.Contracts)
                    next = Earliest(next, contract.ResendAt);
            }
            return next;
        }
    }

    /// <summary>A device that starts again from what <see cref="Save"/> gave, as after a reboot.</summary>
    public static SimulatedDevice Load(DeviceProfile profile, string json, DateTimeOffset now)
    {
        var device = new SimulatedDevice(profile, now);
        device.Boot(json, now);
        return device;
    }

    /// <summary>The durable state.</summary>
    public string Save() => JsonSerializer.Serialize(_state, Bodies.Json);

    /// <summary>Takes the next epoch, durably, and gives the last will for it; <see cref="Connect"/> then uses it.</summary>
    public DeviceMessage PrepareConnect()
    {
        if (!_state.EpochReserved)
            _state.Epoch++;
        _state.EpochReserved = true;
        return Will;
    }

    /// <summary>The last will of the current epoch, for the broker to publish when the connection breaks.</summary>
    public DeviceMessage Will => new(
        _topics + "connection",
        JsonSerializer.SerializeToUtf8Bytes(new { state = "connectionBroken", connectionEpoch = Epoch }, Bodies.Json),
        Retain: true,
        Qos: 1);

    public IReadOnlyList<DeviceMessage> Connect(DateTimeOffset now) => Step(now, () =>
    {
        PrepareConnect();
        _state.EpochReserved = false;
        _state.Ended.Clear();
        IsConnected = true;
        WantsReconnect = false;
        _telemetryAt = now + _profile.ReportInterval;
        SendBirth();
        foreach (var contract in _state.Contracts)
        {
            SendJournal(contract, contract.AckedThrough + 1, withSnapshot: true, reportId: null);
            contract.SentThrough = contract.Tail;
            ScheduleResend(contract);
        }
    });

    public IReadOnlyList<DeviceMessage> Disconnect(DateTimeOffset now, bool clean) => Step(now, () =>
    {
        if (clean)
        {
            foreach (var contract in _state.Contracts)
                FlushJournal(contract);
            Send("connection", new { state = "offline" }, retain: true);
        }
        IsConnected = false;
    });

    public IReadOnlyList<DeviceMessage> Advance(DateTimeOffset now) => Step(now, () => { });

    /// <summary>A message to the device; what it cannot read it drops and counts.</summary>
    public IReadOnlyList<DeviceMessage> Receive(string topic, byte[] payload, DateTimeOffset now) => Step(now, () =>
    {
        if (!IsConnected || !topic.StartsWith(_topics, StringComparison.Ordinal))
            return;
        try
        {
            switch (topic[_topics.Length..])
            {
                case "contract":
                    OnPush(Bodies.Read<PushBody>(payload));
                    break;
                case "desired":
                    OnDesired(Bodies.Read<DesiredBody>(payload));
                    break;
                case "report":
                    OnReport(Bodies.Read<ReportBody>(payload));
                    break;
                case "journal/ack":
                    OnJournalAck(Bodies.Read<JournalAckBody>(payload));
                    break;
                case "rejected":
                    OnRejected(Bodies.Read<RejectedBody>(payload));
                    break;
            }
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException)
        {
            UnreadableMessages++;
        }
    });

    /// <summary>The connection, the clock since boot and every lease are gone; what was on the disk is not.</summary>
    public void Reboot(DateTimeOffset now)
    {
        Step(now, () => { });
        StopMoving();
        Boot(Save(), now);
    }

    /// <summary>The disk is gone as well, but for the epoch: journal lost.</summary>
    public void LoseStorage(DateTimeOffset now)
    {
        Step(now, () => { });
        StopMoving();
        _state = new DeviceState { Epoch = _state.Epoch, At = now };
        Boot(Save(), now);
    }

    /// <summary>It stands still and does nothing until <see cref="Wake"/>; its clock since boot goes on.</summary>
    public IReadOnlyList<DeviceMessage> Suspend(DateTimeOffset now) => Step(now, () =>
    {
        StopMoving();
        IsSuspended = true;
    });

    /// <summary>It looks at its lease and its window before it moves again.</summary>
    public IReadOnlyList<DeviceMessage> Wake(DateTimeOffset now)
    {
        IsSuspended = false;
        _now = _at = now;
        if (_current is { } current)
        {
            if (LeaseEndsAt(current) <= now || current.Document.NotAfter - _profile.ClockSkew <= now)
                BeginStop(current, LeaseEndsAt(current) <= now ? "leaseEnd" : "self");
            if (current.Stop is not null)
                StandStill(current);
            else
                Move(current);
        }
        return Step(now, () => { });
    }

    private void Boot(string json, DateTimeOffset now)
    {
        _state = JsonSerializer.Deserialize<DeviceState>(json, Bodies.Json)
            ?? throw new ArgumentException("No state.", nameof(json));
        _current = null;
        IsConnected = WantsReconnect = IsSuspended = false;
        _bootedAt = _now = _at = now;
        foreach (var contract in _state.Contracts.Where(c => c.Status == ContractStatus.Executing))
        {
            if (contract.Running is { } running)
            {
                // How far it came is known up to the last time the state was written.
                running.Elapsed = running.ElapsedAt(_state.At);
                running.Since = null;
            }
            Journal(contract, "paused", data: new { reason = "reboot" });
            contract.Status = ContractStatus.Paused;
        }

        // The order to stop is on the disk, and it stands still: nobody gives it again.
        foreach (var contract in _state.Contracts.Where(c => c is { Intent: "stop", IsEnded: false }).ToList())
            EndStopped(contract);
    }

    private List<DeviceMessage> Step(DateTimeOffset now, Action input)
    {
        if (now < _now)
            throw new ArgumentOutOfRangeException(nameof(now), now, $"{DeviceId} is at {_now:O}.");
        _now = now;
        Execute();
        input();
        Execute();
        if (IsConnected)
        {
            foreach (var contract in _state.Contracts)
            {
                FlushJournal(contract);
                ResendJournal(contract);
            }
            SendTelemetry();
        }
        _state.At = now;
        List<DeviceMessage> published = [.. _out];
        _out.Clear();
        return published;
    }

    private void OnPush(PushBody push)
    {
        var document = ContractDocument.Read(push.Contract);
        if (RefuseSilently(push, document))
            return;
        var held = Find(document.ContractId);
        var repeated = held is not null && held.Document.Revision == document.Revision && held.ContentHash == push.ContentHash;
        var reason = push.ConnectionEpoch != Epoch ? "wrongEpoch"
            : repeated ? null
            : Refusal(document, held, Encoding.UTF8.GetByteCount(push.Contract.GetRawText()));
        Send("contract/ack", new
        {
            contractId = document.ContractId,
            revision = document.Revision,
            contentHash = push.ContentHash,
            accepted = reason is null,
            reasonCode = reason,
        });
        if (reason is not null)
            return;
        if (!repeated)
            held = Accept(document, push, held);
        Desire(held!, push.Desired, document.Revision);
    }

    private bool RefuseSilently(PushBody push, ContractDocument document) =>
        push.ConnectionEpoch == Epoch && Answer(document).IsSilent;

    private PushAnswer Answer(ContractDocument document) => _profile.Script.OnPush(
        new PushContext(DeviceId, document.ContractId, document.TaskId, document.TaskType, document.Revision));

    private string? Refusal(ContractDocument document, HeldContract? held, int size)
    {
        if (_state.Ended.Contains(document.ContractId))
            return "ended";
        if (held is not null)
        {
            if (document.Revision < held.Document.Revision)
                return "superseded";
            if (document.Revision == held.Document.Revision)
                return "conflict";
            if (held.IsEnded)
                return "ended";
            var planned = document.Actions.Select(a => a.ActionId).ToHashSet(StringComparer.Ordinal);
            // Who shows no journal was told no place in it.
            if (_profile.KeepsJournal && held.Journal.Any(e => e.Seq > document.PlannedAtSeq
                && e.Type is "actionFinished" or "actionFailed"
                && e.Data?.TryGetProperty("actionType", out _) != true
                && !planned.Contains(e.ActionId!)))
                return "outdated";
        }
        if (_state.Tokens.GetValueOrDefault(document.TaskId) > document.FencingToken)
            return "fenced";
        if (size > _profile.MaxContractBytes)
            return "tooLarge";
        if (_profile.ActionTypes is { } known && document.Actions.Any(a => !known.Contains(a.ActionType)))
            return "unsupportedAction";
        if (!document.Data.All(d => d.IsIntact))
            return "dataInvalid";
        if (held is null && _state.Contracts.Count >= _profile.MaxContracts)
            return "busy";
        return document.DeviceId != DeviceId ? "other" : Answer(document).ReasonCode;
    }

    private HeldContract Accept(ContractDocument document, PushBody push, HeldContract? held)
    {
        if (held is null)
        {
            held = new HeldContract
            {
                Json = push.Contract,
                ContentHash = push.ContentHash,
                AcceptedOrder = ++_state.AcceptedCount,
                Document = document,
                Intent = push.Desired.Intent,
            };
            _state.Contracts.Add(held);
        }
        else
        {
            Replace(held, document, push);
        }
        _state.Tokens[document.TaskId] = Math.Max(document.FencingToken, _state.Tokens.GetValueOrDefault(document.TaskId));
        Journal(held, "accepted");
        return held;
    }

    private void Replace(HeldContract held, ContractDocument document, PushBody push)
    {
        var goesOn = held.Running is { } running && (running.IsExtra
            || document.Actions.Any(a => a.ActionId == running.ActionId && JsonElement.DeepEquals(a.Json, held.Document.Actions
                .First(old => old.ActionId == running.ActionId).Json)));
        if (held.Running is not null && !goesOn)
            AbandonAction(held);
        (held.Json, held.ContentHash, held.Document) = (push.Contract, push.ContentHash, document);
        held.AwaitsWord = false;
        held.PausedUntil = null;
        // Left out once is not left out for ever: a new plan may ask for it again.
        foreach (var skipped in held.Over.Where(over => over.Value == "skipped").ToList())
            held.Over.Remove(skipped.Key);
        if (held.Status == ContractStatus.Failed)
            held.Status = held.Running is null ? ContractStatus.Waiting : ContractStatus.Paused;
        held.FailedBy = null;
        if (_current == held && held.Running is null)
        {
            // Between two actions it stands; what it does next is chosen anew, unless a stop is under way.
            if (held.Stop is not null)
                StandStill(held);
            else
                (_current, held.Status) = (null, ContractStatus.Waiting);
        }
    }

    private void OnDesired(DesiredBody desired)
    {
        var held = Find(desired.ContractId);
        if (desired.ConnectionEpoch != Epoch)
        {
            AnswerDesire(desired.ContractId, desired.IntentVersion, "refused", "wrongEpoch");
        }
        else if (held is null)
        {
            if (desired.Intent == "stop")
                _state.Ended.Add(desired.ContractId);
            AnswerDesire(desired.ContractId, desired.IntentVersion, "unknownContract");
        }
        else
        {
            Desire(held, desired.Desire, desired.Revision);
        }
    }

    private void Desire(HeldContract held, DesireBody desire, long revision)
    {
        if (desire.Intent is not ("run" or "hold" or "stop"))
            throw new JsonException($"intent {desire.Intent}");
        if (desire.IntentVersion < held.IntentVersion)
            return;
        if (desire is { AsOf: { } asOf, ValidFor: { } validFor, Intent: not "stop" })
            Grant(held, asOf, XmlConvert.ToTimeSpan(validFor));
        if (desire.IntentVersion == held.IntentVersion)
            return;
        (held.IntentVersion, held.Intent, held.AwaitsWord) = (desire.IntentVersion, desire.Intent, false);
        held.UnansweredIntent = null;
        if (desire.Intent == "run")
        {
            ObeyRun(held, revision);
            return;
        }
        held.UnansweredIntent = desire.IntentVersion;
        if (_current == held)
            BeginStop(held, desire.Intent);
        else
            StandDown(held);
    }

    private void ObeyRun(HeldContract held, long revision)
    {
        // An actionId is never used for a second execution, so after a failed action only another plan helps.
        var cannot = held.Status == ContractStatus.Stopped
            || (held is { Status: ContractStatus.Failed, FailedBy: "actionFailed" } && revision == held.Document.Revision);
        if (!cannot && held is { Status: ContractStatus.Failed, FailedBy: not "actionFailed" })
            (held.Status, held.FailedBy) = (ContractStatus.Paused, null);
        AnswerDesire(held.ContractId, held.IntentVersion, cannot ? "refused" : "done", cannot ? held.FailedBy ?? "stopped" : null);
    }

    /// <summary>Hold or stop of a contract that is not being executed.</summary>
    private void StandDown(HeldContract held)
    {
        if (held.Intent == "stop" && !held.IsEnded)
        {
            EndStopped(held);
        }
        else if (held.Intent == "hold" && held.Status == ContractStatus.Waiting)
        {
            Journal(held, "paused", data: new { reason = "hold" });
            held.Status = ContractStatus.Paused;
        }
        AnswerStill(held);
    }

    private void Grant(HeldContract held, long asOf, TimeSpan validFor)
    {
        var end = asOf + (long)validFor.TotalMilliseconds;
        // A clock ahead of ours is one of before a reboot.
        if (asOf > UptimeMs(_now) || TrueTime(end) <= _now || asOf < held.Lease?.AsOf)
            return;
        held.Lease = (asOf, end);
    }

    private void OnReport(ReportBody report)
    {
        if (report.ConnectionEpoch != Epoch)
            return;
        if (Find(report.ContractId) is { } held)
        {
            SendJournal(held, report.FromSeq, withSnapshot: true, report.ReportId);
            held.SentThrough = held.Tail;
            return;
        }
        Send("journal", new
        {
            contractId = report.ContractId,
            entries = Array.Empty<JournalEntry>(),
            tail = 0,
            snapshot = new { at = Wall(_now), status = "unknown", revision = 0, intentVersion = 0, actions = new { } },
            reportId = report.ReportId,
        });
    }

    private void OnJournalAck(JournalAckBody ack)
    {
        if (Find(ack.ContractId) is not { } held)
            return;
        if (ack.ThroughSeq > held.AckedThrough)
        {
            held.AckedThrough = Math.Min(ack.ThroughSeq, held.Tail);
            ScheduleResend(held);
        }
        if (!ack.Closed)
            return;
        if (!held.IsEnded)
        {
            // Over for the cloud and not here: it stops, and the entry that says so is closed by the next acknowledgement.
            held.Intent = "stop";
            if (_current == held)
                BeginStop(held, "stop");
            else
                StandDown(held);
        }
        else if (held.AckedThrough == held.Tail)
        {
            _state.Contracts.Remove(held);
            _state.Ended.Add(held.ContractId);
            _closed.Add(View(held));
        }
    }

    private void OnRejected(RejectedBody rejected)
    {
        _rejections.Add(new Rejection(rejected.Topic, rejected.Reason, rejected.Detail));
        if (rejected.CurrentEpoch is { } current && current > Epoch)
        {
            _state.Epoch = current;
            WantsReconnect = true;
        }
    }

    private HeldContract? Find(string contractId) =>
        _state.Contracts.Find(c => string.Equals(c.ContractId, contractId, StringComparison.OrdinalIgnoreCase));

    private static DateTimeOffset? Earliest(DateTimeOffset? a, DateTimeOffset? b) => a is null || b < a ? b ?? a : a;
}
