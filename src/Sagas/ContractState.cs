using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>The row of one contract: scalars that queries need, and immutable folds that are replaced, never changed in place.</summary>
public sealed class ContractState : SagaStateMachineInstance, ISagaVersion
{
    public Guid CorrelationId { get; set; }

    public string CurrentState { get; set; } = "";

    /// <summary>The concurrency token; raised with every write of the row.</summary>
    public int RowVersion { get; set; }

    int ISagaVersion.Version { get => RowVersion; set => RowVersion = value; }

    /// <summary>Raised by every transition, not by telemetry; 0 until the contract has started.</summary>
    public int Version { get; set; }

    public string DeviceId { get; set; } = "";
    public string TaskId { get; set; } = "";
    public string TaskType { get; set; } = "";
    public int Priority { get; set; }
    public string Frame { get; set; } = "";
    public long FencingToken { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset ChangedAt { get; set; }

    /// <summary>One non-terminal contract per task: the unique index covers the rows where this is true.</summary>
    public bool IsOpen { get; set; } = true;

    /// <summary>Desired: revision and intent, under a version that only grows.</summary>
    public int Revision { get; set; } = 1;
    public Intent Intent { get; set; } = Intent.Run;
    public long IntentVersion { get; set; } = 1;

    /// <summary>Reported: the last revision with evidence of acceptance (0: none), and the newest intent that the device confirmed.</summary>
    public int AcceptedRevision { get; set; }
    public DateTimeOffset? AcceptedAt { get; set; }
    public long ConfirmedIntentVersion { get; set; }

    /// <summary>Nothing is left to repeat: the device has what is desired. A stop is repeated until the contract is over,
    /// since having it is not yet standing still.</summary>
    internal bool IsObeyed => ConfirmedIntentVersion >= IntentVersion && Intent != Intent.Stop;

    /// <summary>Leave to run goes with the push of the newer revision alone: a device that stands still would refuse the old
    /// plan, or begin it again.</summary>
    internal bool RunsWithPush => Intent == Intent.Run && AcceptedRevision > 0 && Revision > AcceptedRevision
        && (Execution.Status == ExecutionStatus.Failed || ConfirmedIntentVersion < IntentVersion);

    /// <summary>A device that was away is told to run only after its journal is read.</summary>
    internal bool RunsAfterJournal => Intent == Intent.Run && Open.Actuals is { Returned: true };

    /// <summary>The highest revision ever sent (0: none). Above <see cref="AcceptedRevision"/> the push is in doubt.</summary>
    public int SentRevision { get; set; }

    /// <summary>What the saga last heard of the device's connection, after the grace.</summary>
    public bool Connected { get; set; }
    public long ConnectionEpoch { get; set; }

    /// <summary>The newest change of the connection that was taken; older news says nothing.</summary>
    public long ConnectionChange { get; set; }

    /// <summary>True while the lease may be renewed without waking the saga; stored so that it can be asked for.</summary>
    public bool Renewable
    {
        get => States.Renewable(CurrentState) && Intent != Intent.Stop && !RunsWithPush && !RunsAfterJournal;
        private set => _ = value;
    }

    public string? IdempotencyKey { get; set; }
    public string? SubmittedHash { get; set; }

    /// <summary>The device has nothing more to say: it never had the contract, has it no longer, or its journal has ended.
    /// One that ended by its lease alone may still report.</summary>
    public bool IsJournalClosed => Open.Gap is null
        && (SentRevision == 0 || Execution.IsEnded || Open.JournalLost || Outcome?.Evidence == OutcomeEvidence.Device);

    public ContractOutcome? Outcome { get; set; }
    public ContractOutcome? LateOutcome { get; set; }

    /// <summary>The fold of the journal.</summary>
    public Execution Execution { get; set; } = Execution.None;

    /// <summary>Requests under way and what they wait for.</summary>
    public OpenMatters Open { get; set; } = new();

    /// <summary>The deadlines that are armed: kind, current token and due time.</summary>
    public ArmedDeadlines Deadlines { get; set; } = ArmedDeadlines.None;
}
