using System.Text.Json;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Architecture.Tests;

/// <summary>One sample of each message; Golden/ has what it must look like.</summary>
internal static class Samples
{
    private const string Device = "agv-17";
    private const string TaskId = "T-4711";
    private const string Hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    private static readonly Guid Contract = Guid.Parse("0198f0c2-7c1e-7d3a-9a55-1b2f6b0a4c11");
    private static readonly Guid Request = Guid.Parse("0198f0c4-1a2b-7c3d-8e4f-5a6b7c8d9e0f");

    private static readonly ContractTask Task = new()
    {
        TaskId = TaskId, Type = "deliver-pallet", Priority = 5, Parameters = Json("{}"),
    };

    private static readonly PlannedAction Drive = new()
    {
        ActionId = "a1",
        ActionType = "drive",
        Parameters = Json("{}"),
        Duration = new() { Min = TimeSpan.FromSeconds(40), Mode = TimeSpan.FromMinutes(1), Max = TimeSpan.FromMinutes(2) },
        Idempotent = false,
        Path = Json("""{"type":"LineString","coordinates":[[2.0,1.0],[18.5,1.0]]}"""),
    };

    private static readonly PlannedAction Pick = new()
    {
        ActionId = "a2",
        ActionType = "pick",
        Parameters = Json("""{"station":"S 4"}"""),
        RetryOf = "a0",
        Duration = new() { Min = TimeSpan.FromSeconds(20), Mode = TimeSpan.FromSeconds(30), Max = TimeSpan.FromSeconds(90) },
        Idempotent = true,
    };

    private static readonly ContractDocument Document = new()
    {
        ContractId = Contract,
        DeviceId = Device,
        Task = Task,
        Frame = "hall-3",
        Actions = [Drive, Pick],
        Scope = new()
        {
            ActionTypes = ["drive", "pick", "drop"],
            Area = Json("""{"type":"Polygon","coordinates":[[[0,0],[40,0],[40,30],[0,30],[0,0]]]}"""),
            NotBefore = At("09:00:00"),
            NotAfter = At("17:00:00"),
            OfflineAllowance = TimeSpan.FromMinutes(10),
            StopTime = TimeSpan.FromSeconds(10),
        },
        Data = [new() { Name = "map", MediaType = "application/geo+json", Sha256 = Hash, Content = "dGVzdA==" }],
        DataRequests = [new() { Name = "zones", Source = "equator", Query = Json("""{"bbox":[0,0,40,30]}""") }],
        Tolerance = new() { Schedule = TimeSpan.FromSeconds(30), Position = 5, MinFitness = 1 },
    };

    private static readonly ContractDocument Pushed = Document with { Revision = 1, FencingToken = 1, PlannedAtSeq = 0 };

    private static readonly ContractDocument WithoutContents = Pushed with
    {
        Data = [Document.Data![0] with { Content = null }],
    };

    private static readonly Actual Actual = new()
    {
        At = At("09:03:05"),
        Status = ExecutionStatus.Executing,
        Progress = 0.4,
        Actions = new Dictionary<string, ActualAction>
        {
            ["a1"] = new() { Status = ActionStatus.Finished, StartedAt = At("09:01:00"), EndedAt = At("09:02:10.25") },
            ["a2"] = new() { Status = ActionStatus.Running, Progress = 0.2, StartedAt = At("09:02:11") },
        },
        Position = [12.0, 3.5],
        Battery = 0.8,
    };

    private static readonly Failure Failure = new()
    {
        Kind = FailureKind.OfflineTooLong,
        ActionId = "a2",
        Detail = "no contact since 09:03:12",
        Certainty = Certainty.Projected,
        Evidence = Json("{}"),
        At = At("09:13:30"),
    };

    private static readonly DivergenceReport Report = new()
    {
        Level = DivergenceLevel.Minor,
        Dominant = DivergenceMeasure.Time,
        Flow = new() { Value = 0, Fitness = 1 },
        Time = new()
        {
            Value = 0.4,
            Deviation = TimeSpan.FromSeconds(12),
            Action = "a2",
            Expected = [At("09:02:40"), At("09:03:10")],
            Actual = At("09:03:22"),
        },
        Space = new() { Why = "no path" },
        Data = new() { Value = 0 },
        Lost = [new() { FromSeq = 6, ThroughSeq = 8 }],
        IncorrectFor = TimeSpan.FromSeconds(7),
        Summary = "a2 ended 12 s after the expected band",
        At = At("09:05:40"),
    };

    private static readonly JournalEntry Entry = new()
    {
        Seq = 1, Revision = 1, At = At("09:01:00"), Type = "actionStarted", ActionId = "a1", Data = Json("{}"),
    };

    public static IReadOnlyList<object> All { get; } =
    [
        TaskAssigned.From(Document),
        new TaskAccepted { ContractId = Contract, TaskId = TaskId },
        new TaskRejected
        {
            ContractId = Contract,
            TaskId = TaskId,
            Reason = "taskAlreadyAssigned",
            ExistingContractId = Request,
            Errors = new Dictionary<string, IReadOnlyList<string>>(),
        },
        new CancelContract { ContractId = Contract, Reason = "order withdrawn", RequestedBy = "scheduler" },
        new HoldContract { ContractId = Contract, Reason = "aisle closed", RequestedBy = "ops", Until = At("10:00:00") },
        new ResumeContract { ContractId = Contract, Reason = "aisle open", RequestedBy = "ops" },
        new ReconcileContract { ContractId = Contract, Reason = "seen elsewhere", RequestedBy = "ops" },
        new DeviceConnected
        {
            DeviceId = Device,
            ConnectionEpoch = 7,
            UptimeMs = 123456,
            SentAt = At("09:00:00"),
            ReceivedAt = At("09:00:00.04"),
            ReportInterval = TimeSpan.FromSeconds(5),
            Capabilities = new() { Evidence = EvidenceKind.Journal, Lease = LeaseKind.Enforced },
            Contracts =
            [
                new()
                {
                    ContractId = Contract, Revision = 1, Status = ExecutionStatus.Executing, IntentVersion = 1, Tail = 12,
                    AckedThrough = 9,
                },
            ],
            Retained = false,
        },
        new DeviceDisconnected
        {
            DeviceId = Device, ConnectionEpoch = 7, ReceivedAt = At("09:03:10"), Reason = DisconnectReason.Lost,
        },
        new ContractAcknowledged
        {
            ContractId = Contract,
            DeviceId = Device,
            ConnectionEpoch = 7,
            UptimeMs = 123456,
            SentAt = At("09:00:02"),
            ReceivedAt = At("09:00:02.04"),
            Revision = 1,
            ContentHash = "sha256:" + Hash,
            Accepted = false,
            ReasonCode = "busy",
            Detail = "charging",
        },
        new DesiredAcknowledged
        {
            ContractId = Contract,
            DeviceId = Device,
            ConnectionEpoch = 7,
            UptimeMs = 123456,
            SentAt = At("09:00:02"),
            ReceivedAt = At("09:00:02.04"),
            IntentVersion = 3,
            Result = DesiredResult.UnknownContract,
            Detail = "never pushed",
        },
        new ExecutionReported
        {
            ContractId = Contract,
            DeviceId = Device,
            ConnectionEpoch = 7,
            UptimeMs = 123456,
            SentAt = At("09:03:05"),
            ReceivedAt = At("09:03:05.04"),
            Entries = [Entry, new() { Seq = 2, Revision = 1, At = At("09:02:00"), Type = "paused", Derived = true }],
            Tail = 2,
            Snapshot = new()
            {
                At = At("09:03:05"),
                Status = ExecutionStatus.Executing,
                Revision = 1,
                IntentVersion = 1,
                Actions = new Dictionary<string, SnapshotAction>
                {
                    ["a1"] = new() { Status = ActionStatus.Finished },
                    ["a2"] = new() { Status = ActionStatus.Running, Progress = 0.5 },
                },
                Position = [12.0, 3.5],
            },
            ReportId = Request,
        },
        new TelemetryReported
        {
            Samples =
            [
                new()
                {
                    ContractId = Contract,
                    DeviceId = Device,
                    ConnectionEpoch = 7,
                    UptimeMs = 123456,
                    At = At("09:03:05"),
                    SentAt = At("09:03:05.01"),
                    ReceivedAt = At("09:03:05.04"),
                    ActionId = "a2",
                    Progress = 0.4,
                    Position = [2.0, 1.0],
                    Battery = 0.8,
                    Values = Json("""{"speed":1.20}"""),
                },
            ],
        },
        new PushContract
        {
            ContractId = Contract,
            DeviceId = Device,
            ConnectionEpoch = 7,
            ContentHash = "sha256:" + Hash,
            Contract = Pushed,
            Desired = new() { Intent = Intent.Run, IntentVersion = 1, AsOf = 123456, ValidFor = TimeSpan.FromMinutes(10) },
        },
        new SetDesired
        {
            ContractId = Contract, DeviceId = Device, ConnectionEpoch = 7, Revision = 1, Intent = Intent.Hold, IntentVersion = 3,
            AsOf = 123456, ValidFor = TimeSpan.FromMinutes(10),
        },
        new RequestReport { ContractId = Contract, DeviceId = Device, ConnectionEpoch = 7, ReportId = Request, FromSeq = 5 },
        new AcknowledgeJournal { ContractId = Contract, DeviceId = Device, ThroughSeq = 12, Closed = false },
        new RejectDeviceMessage
        {
            DeviceId = Device, Topic = "em/v1/agv-17/connection", Reason = "epochTooOld", Detail = "epoch 6 is over",
            CurrentEpoch = 7,
        },
        new SpatialDataRequested
        {
            ContractId = Contract, RequestId = Request, Name = "zones", Query = Json("""{"bbox":[0,0,40,30]}"""),
        },
        new SpatialDataProvided
        {
            ContractId = Contract, RequestId = Request, MediaType = "application/geo+json", Content = "dGVzdA==", Sha256 = Hash,
        },
        new SpatialDataUnavailable { ContractId = Contract, RequestId = Request, Reason = "no such layer" },
        new RecoveryRequested
        {
            ContractId = Contract,
            DeviceId = Device,
            RecoveryId = Request,
            Attempt = 1,
            Connected = false,
            SafeToReassignAt = At("09:13:30"),
            Contract = WithoutContents,
            Actual = Actual,
            RemainingActions = [Pick],
            Failure = Failure,
            Earlier =
            [
                new()
                {
                    RecoveryId = Contract, Failure = FailureKind.ActionFailed, Strategy = RecoveryStrategy.Retry,
                    At = At("09:01:30"),
                },
            ],
            Unconfirmed = ["a2"],
            AllowedStrategies =
            [
                RecoveryStrategy.Retry, RecoveryStrategy.Reassign, RecoveryStrategy.Escalate, RecoveryStrategy.Hold,
                RecoveryStrategy.Abort,
            ],
        },
        new RecoveryDecided
        {
            ContractId = Contract, RecoveryId = Request, Strategy = RecoveryStrategy.Retry, Delay = TimeSpan.FromSeconds(5),
            From = RetryFrom.Remaining, MayRepeat = false, Reason = "first failure",
        },
        new ReplanRequested
        {
            ContractId = Contract,
            ReplanId = Request,
            Revision = 1,
            Reason = ReplanReason.Divergence,
            Report = Report,
            Actual = Actual,
            RemainingActions = [Pick],
            Contract = WithoutContents,
            Deadline = At("09:10:40"),
        },
        new PlanRevised { ContractId = Contract, ReplanId = Request, Actions = [Pick], Reason = "a1 is done" },
        new PlanKept { ContractId = Contract, ReplanId = Request },
        new ReplanFailed { ContractId = Contract, ReplanId = Request, Reason = "no way to S 4" },
        new ReassignmentRequested
        {
            ContractId = Contract, TaskId = TaskId, Task = Task, RemainingActions = [Pick], ExcludeDevices = [Device],
            Reason = "offline too long", Attempt = 1,
        },
        new EscalationRaised
        {
            ContractId = Contract,
            DeviceId = Device,
            EscalationId = Request,
            Failure = Failure,
            Evidence = Json("""{"lastSeenAt":"2026-11-24T09:03:12Z"}"""),
            AllowedStrategies = [RecoveryStrategy.Retry, RecoveryStrategy.Abort],
        },
        new EscalationResolved
        {
            ContractId = Contract, EscalationId = Request, Strategy = RecoveryStrategy.Retry, MayRepeat = true,
            Reason = "looked: the pallet is still there", By = "ops",
        },
        new ContractStateChanged
        {
            ContractId = Contract, DeviceId = Device, TaskId = TaskId, From = ContractStatus.Live, To = ContractStatus.Projected,
            At = At("09:03:12"), Cause = TransitionCause.ConnectionLost, Version = 5,
        },
        new ContractProgressed
        {
            ContractId = Contract, DeviceId = Device, TaskId = TaskId, Progress = 0.4, Certainty = Certainty.Confirmed,
            At = At("09:03:05"),
        },
        new ContractReconciled { ContractId = Contract, DeviceId = Device, TaskId = TaskId, Report = Report },
        new ContractEnded
        {
            ContractId = Contract,
            DeviceId = Device,
            TaskId = TaskId,
            Outcome = new() { Status = ContractStatus.Completed, At = At("09:20:00"), Evidence = OutcomeEvidence.Device },
            Version = 9,
        },
        new LateEvidenceFound { ContractId = Contract, DeviceId = Device, TaskId = TaskId, Entries = [Entry] },
        new DuplicateExecution
        {
            ContractId = Contract, DeviceId = Device, TaskId = TaskId, Entries = [Entry], SuccessorId = Request,
        },
    ];

    private static DateTimeOffset At(string time) => InstantConverter.Parse($"2026-11-24T{time}Z");

    private static JsonElement Json(string text) => JsonElement.Parse(text);
}
