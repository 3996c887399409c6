using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;

namespace ExecutionManager.Simulation;

/// <content>What the device says.</content>
public sealed partial class SimulatedDevice
{
    private const int ChunkSize = 100;
    private static readonly TimeSpan ResendFirst = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ResendLongest = TimeSpan.FromMinutes(5);

    private void SendBirth() => Send("connection", new
    {
        state = "online",
        reportInterval = XmlConvert.ToString(_profile.ReportInterval),
        capabilities = new
        {
            evidence = _profile.KeepsJournal ? "journal" : "snapshot",
            lease = _profile.EnforcesLease ? "enforced" : "none",
        },
        contracts = _state.Contracts.Select(c => new
        {
            contractId = c.ContractId,
            revision = c.Document.Revision,
            status = c.Status,
            intentVersion = c.IntentVersion,
            tail = _profile.KeepsJournal ? c.Tail : 0,
            ackedThrough = _profile.KeepsJournal ? c.AckedThrough : 0,
        }),
    }, retain: true);

    private void Journal(HeldContract contract, string type, string? actionId = null, object? data = null) =>
        contract.Journal.Add(new JournalEntry(
            contract.Tail + 1,
            contract.Document.Revision,
            Wall(_at),
            type,
            actionId,
            data is null ? null : JsonSerializer.SerializeToElement(data, Bodies.Json)));

    private void FlushJournal(HeldContract contract)
    {
        if (!IsConnected || contract.SentThrough >= contract.Tail)
            return;
        SendJournal(contract, contract.SentThrough + 1, withSnapshot: !_profile.KeepsJournal, reportId: null);
        contract.SentThrough = contract.Tail;
        if (contract.ResendAt is null)
            ScheduleResend(contract);
    }

    private void ResendJournal(HeldContract contract)
    {
        if (!(contract.ResendAt <= _now))
            return;
        SendJournal(contract, contract.AckedThrough + 1, withSnapshot: false, reportId: null);
        var doubled = contract.ResendDelay * 2;
        Resend(contract, doubled < ResendLongest ? doubled : ResendLongest);
    }

    private void ScheduleResend(HeldContract contract)
    {
        if (_profile.KeepsJournal && contract.AckedThrough < contract.Tail)
            Resend(contract, ResendFirst);
        else
            contract.ResendAt = null;
    }

    private void Resend(HeldContract contract, TimeSpan delay)
    {
        var jitter = _chance.Draw($"resend/{contract.ContractId}/{contract.Tail}/{_now.Ticks}");
        contract.ResendDelay = delay;
        contract.ResendAt = _now + delay * (0.9 + 0.1 * jitter);
    }

    private void SendJournal(HeldContract contract, long fromSeq, bool withSnapshot, string? reportId)
    {
        var entries = _profile.KeepsJournal ? contract.Journal.Skip((int)Math.Clamp(fromSeq - 1, 0, contract.Tail)).ToArray() : [];
        var chunks = entries.Length == 0 ? [[]] : entries.Chunk(ChunkSize).ToArray();
        foreach (var chunk in chunks)
        {
            Send("journal", new
            {
                contractId = contract.ContractId,
                entries = chunk,
                tail = _profile.KeepsJournal ? contract.Tail : 0,
                snapshot = withSnapshot && chunk == chunks[^1] ? Snapshot(contract) : null,
                reportId,
            });
        }
    }

    private object Snapshot(HeldContract contract)
    {
        var actions = new JsonObject();
        foreach (var action in contract.Document.Actions)
        {
            // VDA 5050 has no word for stopped or left out: what is not known is absent.
            var status = contract.Over.GetValueOrDefault(action.ActionId, "waiting");
            if (contract.Running?.ActionId == action.ActionId)
                actions[action.ActionId] = Running(contract.Running);
            else if (status is "finished" or "failed" or "waiting")
                actions[action.ActionId] = new JsonObject { ["status"] = status };
        }
        if (contract.Running is { IsExtra: true } extra)
            actions[extra.ActionId] = Running(extra);
        return new
        {
            at = Wall(_now),
            status = contract.Status,
            revision = contract.Document.Revision,
            intentVersion = contract.IntentVersion,
            actions,
            position = PositionOf(contract) ?? _state.Position,
        };

        JsonObject Running(RunningAction action) => new()
        {
            ["status"] = action.Since is null ? "paused" : "running",
            ["progress"] = Math.Round(action.ProgressAt(_at), 4),
        };
    }

    private void SendTelemetry()
    {
        if (_telemetryAt > _now)
            return;
        _telemetryAt = _now + _profile.ReportInterval;
        var running = _current?.Running;
        Send("telemetry", new
        {
            at = Wall(_now),
            contractId = _current?.ContractId,
            actionId = running?.ActionId,
            progress = running is null ? (double?)null : Math.Round(running.ProgressAt(_at), 4),
            position = (_current is null ? null : PositionOf(_current)) ?? _state.Position,
            battery = Math.Round(_state.Battery, 4),
        }, qos: 0);
    }

    private void AnswerStill(HeldContract contract)
    {
        if (contract.UnansweredIntent is not { } version)
            return;
        contract.UnansweredIntent = null;
        FlushJournal(contract);
        AnswerDesire(contract.ContractId, version, "done");
    }

    private void AnswerDesire(string contractId, long intentVersion, string result, string? detail = null) =>
        Send("desired/ack", new { contractId, intentVersion, result, detail });

    private void Send(string topic, object body, bool retain = false, int qos = 1)
    {
        if (!IsConnected)
            return;
        var json = JsonSerializer.SerializeToNode(body, Bodies.Json)!.AsObject();
        json["connectionEpoch"] = Epoch;
        json["sentAt"] = Wall(_now);
        json["uptimeMs"] = UptimeMs(_now);
        _out.Add(new DeviceMessage(_topics + topic, JsonSerializer.SerializeToUtf8Bytes(json, Bodies.Json), retain, qos));
    }
}
