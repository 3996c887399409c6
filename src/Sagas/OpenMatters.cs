using System.Collections.Immutable;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;

namespace ExecutionManager.Sagas;

/// <summary>What a contract has under way beside its state. Each part is null when it does not apply.</summary>
public sealed record OpenMatters
{
    /// <summary>Names of data requests without an answer yet, by request id.</summary>
    public ImmutableSortedDictionary<Guid, string> Data { get; init; } = ImmutableSortedDictionary<Guid, string>.Empty;

    /// <summary>The requests whose data is here: it may have to be fetched again.</summary>
    public ImmutableArray<Domain.DataRequest> Fetched { get; init; } = [];

    public OpenActuals? Actuals { get; init; }

    /// <summary>Actuals that did not come in time: they withdraw the failure if they still come before a decision is carried
    /// out, and until the device is heard nobody knows how far it came.</summary>
    public OpenActuals? GivenUp { get; init; }
    public OpenRecovery? Recovery { get; init; }
    public OpenReplan? Replan { get; init; }
    public OpenHold? Hold { get; init; }
    public OpenEscalation? Escalation { get; init; }

    /// <summary>The Scheduler is asked for another device until the task has a new contract.</summary>
    public OpenReassignment? Reassignment { get; init; }

    /// <summary>The contract that has the task after this one.</summary>
    public Guid? SuccessorId { get; init; }

    /// <summary>Actions that the device is known to have finished, but said so too late to count: after the contract was over,
    /// or after that part of its journal was given up.</summary>
    public ImmutableArray<string> LateFinished { get; init; } = [];

    /// <summary>Entries that prove work after the lease or the stop, until there is a contract to tell.</summary>
    public SeqRange? LateDuplicate { get; init; }

    /// <summary>Another device's work after its lease or its stop, heard of while this contract was stopped or over: for the next one.</summary>
    public PredecessorReported? Unheard { get; init; }

    /// <summary>What devices of earlier contracts of the task have done, until the plan is reconciled with it.</summary>
    public ImmutableArray<string> DoneByOthers { get; init; } = [];

    /// <summary>The outcome that a stop under way leads to.</summary>
    public OpenStop? Stop { get; init; }

    /// <summary>A failure whose verdict waits, for the rest of the actuals or the end of a hold, and others found since.</summary>
    public FoundFailure? Failure { get; init; }
    public ImmutableArray<FoundFailure> AlsoFound { get; init; } = [];

    /// <summary>The manual reconciliations that the next report answers.</summary>
    public ImmutableArray<Guid> Reconciliations { get; init; } = [];

    /// <summary>Set while the execution is an operator's word, not the device's.</summary>
    public OpenAttestation? Attested { get; init; }

    /// <summary>True when entries are derived from snapshots: the device itself has none to acknowledge.</summary>
    public bool Derived { get; init; }

    /// <summary>How often the current push or desire was sent without an answer.</summary>
    public int Attempts { get; init; }
    public int CommandAttempts { get; init; }

    /// <summary>The first <c>seq</c> that is missing before entries that are kept, not applied.</summary>
    public SeqRange? Gap { get; init; }

    /// <summary>What the projection was made from when the connection was lost.</summary>
    public FrozenBasis? Frozen { get; init; }

    public SeenSnapshot? Snapshot { get; init; }

    /// <summary>One that overtook entries before it: it counts once they are here.</summary>
    public EarlySnapshot? Early { get; init; }
    public ImmutableArray<EarlierRecovery> Earlier { get; init; } = [];
    public Divergence? Divergence { get; init; }

    /// <summary>What a kept plan has settled: only what came later counts again.</summary>
    public Divergence? Settled { get; init; }

    /// <summary>True once <c>notAfter</c> has been reported as missed for the revision in force.</summary>
    public int WindowMissedRevision { get; init; }

    public bool JournalLost { get; init; }

    /// <summary>The newest telemetry that was found outside the area.</summary>
    public DateTimeOffset OutsideAt { get; init; }

    /// <summary>The intent that the last push carried; its acceptance confirms it.</summary>
    public long PushedIntentVersion { get; init; }

    /// <summary>The content that was pushed last; an acceptance of another content is none.</summary>
    public string? PushedHash { get; init; }

    /// <summary>The newest revision that the device is known not to have: it refused it, or does not know the contract since.</summary>
    public int DeniedRevision { get; init; }

    /// <summary>The epochs of the last push and of the first evidence of acceptance: a birth speaks only of what came before it.</summary>
    public long SentEpoch { get; init; }
    public long AcceptedEpoch { get; init; }

    /// <summary>The newest revision that the Planner made; others were made here for a retry.</summary>
    public int PlannerRevision { get; init; }

    /// <summary>When acceptance of the accepted revision was learned.</summary>
    public DateTimeOffset? PlanAcceptedAt { get; init; }

    /// <summary>The newest epoch that brought journal entries, and the journal's length when it began.</summary>
    public long JournalEpoch { get; init; }
    public long JournalEpochSeq { get; init; }
}

/// <summary>Actuals that are awaited: complete when the journal reaches the tail on this epoch and a snapshot is here.</summary>
/// <param name="Tail">The tail that the birth named; null when only the answer to a report will tell.</param>
/// <param name="Asked">True when they were asked for by <c>report</c>.</param>
/// <param name="Returned">True when the device was away: it is told to run only after its journal is read.</param>
/// <param name="Known">Through which entry its journal was known before: a device that answers that it has none has lost it.</param>
public sealed record OpenActuals(long Epoch, long? Tail, bool Asked, bool Returned, Guid ReportId, long Known = 0);

/// <summary>The newest snapshot that reached the tail of its message, and the epoch and position of the journal it belongs to.</summary>
public sealed record SeenSnapshot(long Epoch, long Seq, Snapshot Snapshot);

/// <summary>A snapshot whose journal is not here yet, and what its message said of it.</summary>
public sealed record EarlySnapshot(long Epoch, long Tail, Guid? ReportId, Snapshot Snapshot);

/// <summary>The open recovery.</summary>
/// <param name="Refused">The decision that was refused last; the next request tells it.</param>
/// <param name="BackingOff">True while the next request waits after a refusal.</param>
/// <param name="Decision">Set while a decision waits out its delay.</param>
public sealed record OpenRecovery(
    Guid RecoveryId, Failure Failure, int Attempt, RefusedDecision? Refused, bool BackingOff, RecoveryDecided? Decision, ImmutableArray<Failure> Further);

/// <param name="Known">What the device itself has said: it goes on from there.</param>
/// <param name="Snapshot">What was said, as a snapshot of the device's would show it.</param>
public sealed record OpenAttestation(DateTimeOffset At, string By, string Reason, Execution Known, Snapshot? Snapshot = null);

/// <param name="DoneByOthers">What the Planner was told of other devices' work.</param>
public sealed record OpenReplan(Guid ReplanId, ReplanReason Reason, DateTimeOffset RequestedAt, IReadOnlyList<string>? DoneByOthers = null);

public sealed record OpenHold(DateTimeOffset? Until, string Reason, string? RequestedBy);

/// <param name="Outcome">cancelled, aborted or reassigned; the first outranks the second, that the third.</param>
/// <param name="ExcludeDevices">Devices that a reassignment must not use.</param>
public sealed record OpenStop(ContractStatus Outcome, string? Reason, IReadOnlyList<string>? ExcludeDevices = null);

/// <param name="Refused">The decision that was refused last; the next reminder tells it.</param>
/// <param name="Refusals">How many were refused.</param>
public sealed record OpenEscalation(Guid EscalationId, string? Severity, RefusedDecision? Refused = null, int Refusals = 0);

/// <param name="Attempt">How often the Scheduler was asked.</param>
public sealed record OpenReassignment(IReadOnlyList<string> ExcludeDevices, string Reason, int Attempt);

public sealed record ContractOutcome(ContractStatus Status, DateTimeOffset At, OutcomeEvidence Evidence, string? Reason);

/// <summary>The basis of the projection at the moment of the loss.</summary>
public sealed record FrozenBasis(Execution Execution, DateTimeOffset EvidenceAt, double? Progress, DateTimeOffset? LeaseEnd, DateTimeOffset? FreeFrom, DateTimeOffset? LostAt = null);
