using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using Contract = ExecutionManager.Domain.Contract;
using ContractDocument = ExecutionManager.Domain.ContractDocument;
using ExecutionStatus = ExecutionManager.Contracts.Messages.ExecutionStatus;
using FailureKind = ExecutionManager.Contracts.Messages.FailureKind;
using JournalEntry = ExecutionManager.Contracts.Messages.JournalEntry;
using RecoveryStrategy = ExecutionManager.Contracts.Messages.RecoveryStrategy;
using Seen = ExecutionManager.Contracts.Messages.ActionStatus;

namespace ExecutionManager.Sagas.Tests;

/// <summary>A contract in each state as the machine leaves it there, and every event it may meet.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    public static readonly Guid RequestId = Guid.Parse("00000000-0000-0000-0000-0000000000d1");
    public static readonly Guid RecoveryId = Guid.Parse("00000000-0000-0000-0000-0000000000a1");
    public static readonly Guid EscalationId = Guid.Parse("00000000-0000-0000-0000-0000000000e1");
    public static readonly Guid ReplanId = Guid.Parse("00000000-0000-0000-0000-0000000000b1");
    public static readonly Guid ReportId = Guid.Parse("00000000-0000-0000-0000-0000000000c1");
    public const string Device = "agv-17";
    public const string DeviceWithoutLease = "agv-16";
    public const long Epoch = 7;

    public static Contract Plan(Guid contractId, bool needsData = false)
    {
        var json = $$"""
            { "contractId": "{{contractId}}", "deviceId": "{{Device}}", "task": { "taskId": "T-{{contractId:N}}", "type": "deliver" }, "frame": "hall-3",
              "actions": [
                { "actionId": "a1", "actionType": "drive", "duration": { "min": "PT10S", "mode": "PT20S", "max": "PT30S" } },
                { "actionId": "a2", "actionType": "drop", "duration": { "min": "PT10S", "mode": "PT20S", "max": "PT30S" } } ],
              {{(needsData ? "\"dataRequests\": [ { \"name\": \"map\", \"source\": \"equator\", \"query\": { \"bbox\": [0, 0, 1, 1] } } ]," : "")}}
              "scope": { "actionTypes": ["drive", "drop"], "area": { "type": "Polygon", "coordinates": [[[0, 0], [90, 0], [90, 90], [0, 90], [0, 0]]] }, "offlineAllowance": "PT10M" } }
            """;
        var reading = ContractDocument.Read(JsonDocument.Parse(json).RootElement, contractId, Now);
        return reading.Contract! with { Revision = 1, FencingToken = 1 };
    }

    public static DeviceView ConnectedDevice { get; } = new(
        Device,
        new Connection(Epoch, false, true, false, Now, null, null, TimeSpan.FromSeconds(5), EvidenceCapability.Journal, LeaseCapability.Enforced),
        new Contact(Epoch, Now, 60_000), 3);

    /// <summary>A lease that is over.</summary>
    public static LeaseGrant PastGrant { get; } = new(Epoch, 1, Now.AddHours(-1), TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(10), Now.AddHours(-1));

    public static DeviceView ConnectedWithoutLease { get; } = ConnectedDevice with
    {
        DeviceId = DeviceWithoutLease, Connection = ConnectedDevice.Connection! with { Lease = LeaseCapability.None },
    };

    /// <summary>The contract as it typically is in a state: connected from Pushing on, but in Projected.</summary>
    public static ContractState In(string state, Guid contractId)
    {
        var accepted = state is "Live" or "Projected" or "Reconciled" or "Recovering" or "Held" or "Escalated" or "Stopping" or "Completed" or "Cancelled" or "Aborted" or "Reassigned";
        var execution = accepted
            ? Execution.None.Apply(new(1, 1, Now.AddSeconds(-30), "accepted")).Apply(new(2, 1, Now.AddSeconds(-20), "actionStarted", "a1"))
            : Execution.None;
        if (state == "Completed")
        {
            execution = execution.Apply(new(3, 1, Now.AddSeconds(-10), "completed"));
        }

        var terminal = States.IsTerminal(state);
        return new ContractState
        {
            CorrelationId = contractId, CurrentState = state, DeviceId = Device, TaskId = $"T-{contractId:N}", TaskType = "deliver", Frame = "hall-3",
            CreatedAt = Now.AddMinutes(-1), ChangedAt = Now.AddMinutes(-1), Version = state == "Initial" ? 0 : 5, IsOpen = !terminal,
            SentRevision = state is "Initial" or "Preparing" or "AwaitingConnection" ? 0 : 1,
            AcceptedRevision = accepted ? 1 : 0, AcceptedAt = accepted ? Now.AddSeconds(-30) : null,
            Revision = 1,
            Intent = state is "Held" or "Escalated" ? Intent.Hold : state == "Stopping" || terminal ? Intent.Stop : Intent.Run,
            IntentVersion = state is "Held" or "Escalated" or "Stopping" || terminal ? 2 : 1, ConfirmedIntentVersion = accepted ? 1 : 0,
            Connected = state is "Pushing" or "Live" or "Reconciled" or "Recovering" or "Held" or "Escalated" or "Stopping", ConnectionEpoch = Epoch, ConnectionChange = 3,
            Execution = execution,
            Outcome = terminal ? new ContractOutcome(Enum.Parse<ContractStatus>(state), Now, OutcomeEvidence.Device, null) : null,
            Open = new OpenMatters
            {
                AcceptedEpoch = accepted ? Epoch - 1 : 0, SentEpoch = accepted ? Epoch - 1 : 0, JournalEpoch = accepted ? Epoch : 0,
                Data = state == "Preparing" ? ImmutableSortedDictionary<Guid, string>.Empty.Add(RequestId, "map") : ImmutableSortedDictionary<Guid, string>.Empty,
                Actuals = state == "Live" ? new OpenActuals(Epoch, null, true, false, ReportId) : null,
                Recovery = state is "Recovering" or "Escalated" ? new OpenRecovery(RecoveryId, Failure(FailureKind.OfflineTooLong), 1, null, false, null, []) : null,
                Replan = state is "Reconciled" or "Projected" ? new OpenReplan(ReplanId, ReplanReason.Divergence, Now) : null,
                Escalation = state == "Escalated" ? new OpenEscalation(EscalationId, null) : null,
                Reassignment = state == "Reassigned" ? new OpenReassignment([Device], "rule 1", 1) : null,
                Hold = state == "Held" ? new OpenHold(null, "wait", null) : null,
                Stop = state == "Stopping" ? new OpenStop(ContractStatus.Cancelled, "no longer needed") : null,
            },
            Deadlines = Enum.GetValues<DeadlineKind>().Aggregate(ArmedDeadlines.None, (armed, kind) => terminal && (state != "Reassigned" || kind != DeadlineKind.Reassignment) ? armed : armed.With(kind, new ArmedDeadline(Token(kind), Now))),
        };
    }

    /// <summary>Each state as it typically is, and the situations in which an event leads elsewhere.</summary>
    public static IEnumerable<(string Title, string State, Action<ContractState> With)> Situations(IEnumerable<string> states)
    {
        var until = new OpenHold(Now, "wait", null);
        foreach (var state in states)
        {
            yield return (state, state, _ => { });
        }

        yield return ("Reconciled, revision under way", "Reconciled", saga => (saga.Open, saga.Revision, saga.SentRevision) = (saga.Open with { Replan = null }, 2, 2));
        yield return ("Reconciled, a revised plan under way", "Reconciled", saga =>
            (saga.Open, saga.Revision, saga.SentRevision) = (saga.Open with { Replan = null, PlannerRevision = 2 }, 2, 2));
        yield return ("Reconciled, planned anew for being outdated", "Reconciled", saga =>
            (saga.Open, saga.Revision, saga.SentRevision, saga.Intent, saga.IntentVersion) = (saga.Open with { Replan = saga.Open.Replan! with { Reason = ReplanReason.Outdated }, PlannerRevision = 2 }, 2, 2, Intent.Hold, 2));
        yield return ("Recovering at the last attempt", "Recovering", saga => saga.Open = saga.Open with { Recovery = saga.Open.Recovery! with { Attempt = 3 } });
        yield return ("Recovering, never accepted", "Recovering", saga =>
        {
            (saga.AcceptedRevision, saga.SentRevision, saga.Connected, saga.Execution) = (0, 0, false, Execution.None);
            saga.Open = saga.Open with { Recovery = saga.Open.Recovery! with { Failure = Failure(FailureKind.DeviceUnreachable) } };
        });
        yield return ("Recovering, data to fetch", "Recovering", saga =>
        {
            (saga.AcceptedRevision, saga.SentRevision, saga.Execution) = (0, 0, Execution.None);
            saga.Open = saga.Open with { Recovery = saga.Open.Recovery! with { Failure = Failure(FailureKind.DataUnavailable) } };
        });
        yield return ("Recovering, accepted and offline", "Recovering", saga => saga.Connected = false);
        yield return ("Initial, data to fetch", "Initial", _ => { });
        yield return ("Recovering, actuals awaited", "Recovering", saga => saga.Open = saga.Open with { Actuals = new OpenActuals(Epoch, null, true, false, ReportId) });
        yield return ("Held until an instant, data to fetch", "Held", saga => (saga.AcceptedRevision, saga.SentRevision, saga.Execution, saga.Open) = (0, 0, Execution.None, saga.Open with { Hold = until }));
        yield return ("Held until an instant, offline", "Held", saga => (saga.Connected, saga.Open) = (false, saga.Open with { Hold = until }));
        yield return ("Held until an instant, never accepted", "Held", saga => (saga.AcceptedRevision, saga.SentRevision, saga.Execution, saga.Open) = (0, 0, Execution.None, saga.Open with { Hold = until }));
        yield return ("Held until an instant, a failure open", "Held", saga => saga.Open = saga.Open with { Hold = until, Recovery = new OpenRecovery(RecoveryId, Failure(FailureKind.ActionFailed), 3, null, false, null, []) });
        yield return ("Held, a replan open", "Held", saga => saga.Open = saga.Open with { Replan = new OpenReplan(ReplanId, ReplanReason.Divergence, Now) });
        yield return ("Held, another has done it", "Held", saga => saga.Open = saga.Open with { Replan = new OpenReplan(ReplanId, ReplanReason.LateEvidence, Now) });
        yield return ("Held until an instant", "Held", saga => saga.Open = saga.Open with { Hold = until });
        yield return ("Stopping for abort", "Stopping", saga => saga.Open = saga.Open with { Stop = new OpenStop(ContractStatus.Aborted, null) });
        yield return ("Stopping for reassign", "Stopping", saga => saga.Open = saga.Open with { Stop = new OpenStop(ContractStatus.Reassigned, "rule 1") });
        yield return ("Stopping, no lease ends", "Stopping", saga => saga.DeviceId = DeviceWithoutLease);
        yield return ("Stopping, offline", "Stopping", saga => saga.Connected = false);
        yield return ("Escalated, data to fetch", "Escalated", saga => (saga.AcceptedRevision, saga.SentRevision, saga.Execution) = (0, 0, Execution.None));
        yield return ("Escalated, offline", "Escalated", saga => saga.Connected = false);
        yield return ("Escalated, never pushed", "Escalated", saga => (saga.AcceptedRevision, saga.SentRevision, saga.Connected, saga.Execution) = (0, 0, false, Execution.None));
        foreach (var outcome in new[] { ContractStatus.Cancelled, ContractStatus.Aborted, ContractStatus.Reassigned })
        {
            yield return ($"Escalated, a stop kept: {outcome}", "Escalated", saga =>
                (saga.Open, saga.Intent) = (saga.Open with { Stop = new OpenStop(outcome, "no longer needed") }, Intent.Stop));
        }

        yield return ("Projected, another has done it", "Projected", saga => saga.Open = saga.Open with { Replan = saga.Open.Replan! with { Reason = ReplanReason.LateEvidence } });
        yield return ("Reconciled, another has done it", "Reconciled", saga => saga.Open = saga.Open with { Replan = saga.Open.Replan! with { Reason = ReplanReason.LateEvidence } });
        yield return ("AwaitingConnection, accepted before", "AwaitingConnection", saga =>
            (saga.AcceptedRevision, saga.SentRevision, saga.Revision, saga.Execution) = (1, 1, 2, In("Live", saga.CorrelationId).Execution));
    }

    public static IEnumerable<(string Name, Func<Guid, object> Message)> Events()
    {
        yield return ("Submitted", id => new ContractSubmitted(id));
        yield return ("Connection connected, listed", id => Connection(id, true, new ContractListing { ContractId = id, Revision = 1, Status = ExecutionStatus.Executing, IntentVersion = 1, Tail = 4, AckedThrough = 2 }, birth: true));
        yield return ("Connection connected, not listed", id => Connection(id, true, null, birth: true));
        yield return ("Connection connected, heard again", id => Connection(id, true, null, birth: false));
        yield return ("Connection lost", id => Connection(id, false, null, birth: false));
        foreach (var kind in Enum.GetValues<DeadlineKind>())
        {
            yield return ($"Deadline {kind}", id => new DeadlineReached(id, kind, Token(kind), Now, false));
        }

        yield return ("Deadline of another token", id => new DeadlineReached(id, DeadlineKind.Accept, Guid.Empty, Now, false));
        yield return ("Acknowledged accepted", id => Ack(id, null));
        yield return ("Acknowledged accepted, next revision", id => Ack(id, null) with { Revision = 2 });
        yield return ("Acknowledged outdated, next revision", id => Ack(id, "outdated") with { Revision = 2 });
        yield return ("Acknowledged busy, next revision", id => Ack(id, "busy") with { Revision = 2 });
        yield return ("Acknowledged busy", id => Ack(id, "busy"));
        yield return ("Acknowledged outdated", id => Ack(id, "outdated"));
        yield return ("Acknowledged wrongEpoch", id => Ack(id, "wrongEpoch"));
        yield return ("DesireAnswered done", id => Answer(id, DesiredResult.Done));
        yield return ("DesireAnswered refused", id => Answer(id, DesiredResult.Refused));
        yield return ("DesireAnswered unknownContract", id => Answer(id, DesiredResult.UnknownContract));
        yield return ("Reported progress", id => Report(id, false, "accepted", "actionStarted"));
        yield return ("Reported through the tail, with snapshot", id => Report(id, true, "accepted", "actionStarted", "actionFinished"));
        yield return ("Reported completed", id => Report(id, true, "accepted", "actionStarted", "actionFinished", "completed"));
        yield return ("Reported actionFailed", id => Report(id, false, "accepted", "actionStarted", "actionFailed"));
        yield return ("Reported stopped", id => Report(id, false, "accepted", "actionStarted", "stopped"));
        yield return ("DataProvided", id => Data(id, RequestId, intact: true));
        yield return ("DataProvided with a wrong hash", id => Data(id, RequestId, intact: false));
        yield return ("DataProvided for another request", id => Data(id, Guid.Empty, intact: true));
        yield return ("DataRefused", id => new SpatialDataUnavailable { ContractId = id, RequestId = RequestId, Reason = "no such layer" });
        foreach (var strategy in Enum.GetValues<RecoveryStrategy>())
        {
            yield return ($"Decided {strategy}", id => new RecoveryDecided { ContractId = id, RecoveryId = RecoveryId, Strategy = strategy, MayRepeat = true, Reason = "rule 1" });
        }

        yield return ("Decided retry, later", id => new RecoveryDecided { ContractId = id, RecoveryId = RecoveryId, Strategy = RecoveryStrategy.Retry, Delay = TimeSpan.FromSeconds(5), MayRepeat = true, Reason = "rule 1" });
        yield return ("Decided for another request", id => new RecoveryDecided { ContractId = id, RecoveryId = Guid.Empty, Strategy = RecoveryStrategy.Abort, Reason = "rule 1" });
        foreach (var strategy in Enum.GetValues<RecoveryStrategy>())
        {
            yield return ($"Resolved {strategy}", id => Resolved(id) with { Strategy = strategy });
        }

        yield return ("Resolved reassign, attested", id => Resolved(id) with { Strategy = RecoveryStrategy.Reassign, AttestedStopped = true });
        yield return ("Resolved abort, attested", id => Resolved(id) with { Strategy = RecoveryStrategy.Abort, AttestedStopped = true });
        yield return ("Resolved by attestation", id => Resolved(id) with { AttestedStopped = true });
        yield return ("Resolved for another request", id => Resolved(id) with { EscalationId = Guid.Empty, Strategy = RecoveryStrategy.Abort });
        yield return ("Appointed", id => new SuccessorAppointed(id, Guid.Empty));
        yield return ("Outside", id => new LeftArea(id, Device, Now, [200, 200]));
        yield return ("OtherReported", id => new PredecessorReported(id, Guid.Empty, "agv-16", ["a2"], null));
        yield return ("OtherReported duplicate", id => new PredecessorReported(id, Guid.Empty, "agv-16", ["a2"], new(7, 9)));
        yield return ("Revised", id => Revised(id, ReplanId, "drop"));
        yield return ("Revised outside the scope", id => Revised(id, ReplanId, "fly"));
        yield return ("Revised, nothing left", id => Revised(id, ReplanId, "drop") with { Actions = [] });
        yield return ("Revised for another request", id => Revised(id, Guid.Empty, "drop"));
        yield return ("Kept", id => new PlanKept { ContractId = id, ReplanId = ReplanId });
        yield return ("NotReplanned", id => new ReplanFailed { ContractId = id, ReplanId = ReplanId, Reason = "no way" });
        yield return ("CancelAsked", id => new CancelContract { ContractId = id, Reason = "no longer needed", RequestedBy = "scheduler" });
        yield return ("HoldAsked", id => new HoldContract { ContractId = id, Reason = "wait", RequestedBy = "operator" });
        yield return ("ResumeAsked", id => new ResumeContract { ContractId = id, Reason = "go on", RequestedBy = "operator" });
        yield return ("Attested", id => Attested(id, ExecutionStatus.Executing, Seen.Finished));
        yield return ("Attested completed", id => Attested(id, ExecutionStatus.Completed, Seen.Finished));
        yield return ("ReconcileAsked", id => new ReconcileContract { ContractId = id, Reason = "look", RequestedBy = "operator" });
    }

    private static EscalationResolved Resolved(Guid id) => new() { ContractId = id, EscalationId = EscalationId, MayRepeat = true, Reason = "seen on site", By = "operator" };

    public static RecoveryDecided Retry(Guid id) =>
        new() { ContractId = id, RecoveryId = RecoveryId, Strategy = RecoveryStrategy.Retry, MayRepeat = true, Reason = "rule 1" };

    private static Guid Token(DeadlineKind kind) => new((int)kind + 1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]);

    private static Failure Failure(FailureKind kind) => new() { Kind = kind, Detail = "no contact", Certainty = Certainty.Projected, At = Now };

    private static ConnectionChanged Connection(Guid id, bool connected, ContractListing? listing, bool birth) =>
        new(id, Device, 4, connected && birth ? Epoch + 1 : Epoch, connected, Now, connected ? null : "lost", EvidenceKind.Journal, birth ? Epoch + 1 : null, listing);

    private static ContractAcknowledged Ack(Guid id, string? refusal) => new()
    {
        ContractId = id, DeviceId = Device, ConnectionEpoch = Epoch, UptimeMs = 61_000, SentAt = Now, ReceivedAt = Now,
        Revision = 1, ContentHash = "sha256:0", Accepted = refusal is null, ReasonCode = refusal,
    };

    public static ActualsAttested Attested(Guid id, ExecutionStatus status, Seen first) => new(
        id, Now, status, new Dictionary<string, ExecutionManager.Contracts.Messages.SnapshotAction> { ["a1"] = new() { Status = first } }, null, "seen it", "operator");

    private static DesiredAcknowledged Answer(Guid id, DesiredResult result) => new()
    {
        ContractId = id, DeviceId = Device, ConnectionEpoch = Epoch, UptimeMs = 61_000, SentAt = Now, ReceivedAt = Now, IntentVersion = 2, Result = result,
    };

    private static ExecutionReported Report(Guid id, bool whole, params string[] types) => new()
    {
        ContractId = id, DeviceId = Device, ConnectionEpoch = Epoch, UptimeMs = 61_000, SentAt = Now, ReceivedAt = Now, Tail = types.Length,
        Entries = [.. types.Select((type, index) => new JournalEntry
        {
            Seq = index + 1, Revision = 1, At = Now.AddSeconds(index - 30), Type = type, ActionId = type.StartsWith("action", StringComparison.Ordinal) ? "a1" : null,
        })],
        Snapshot = whole ? new DeviceSnapshot { At = Now, Status = ExecutionStatus.Executing, Revision = 1, IntentVersion = 1 } : null,
        ReportId = whole ? ReportId : null,
    };

    private static SpatialDataProvided Data(Guid id, Guid requestId, bool intact)
    {
        var content = "{\"type\":\"FeatureCollection\",\"features\":[]}"u8.ToArray();
        return new SpatialDataProvided
        {
            ContractId = id, RequestId = requestId, MediaType = "application/geo+json", Content = Convert.ToBase64String(content),
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(intact ? content : [])),
        };
    }

    private static PlanRevised Revised(Guid id, Guid replanId, string actionType) => new()
    {
        ContractId = id, ReplanId = replanId, Reason = "one action less",
        Actions = [new() { ActionId = "a2", ActionType = actionType, Duration = new() { Min = TimeSpan.FromSeconds(10), Mode = TimeSpan.FromSeconds(20), Max = TimeSpan.FromSeconds(30) } }],
    };
}
