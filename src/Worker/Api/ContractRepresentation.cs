using System.ComponentModel;
using System.Text.Json.Serialization;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Worker;

/// <summary>A contract as callers see it. Parts that do not apply are absent; what is not known is absent, never invented.</summary>
internal sealed record ContractRepresentation
{
    public required Guid ContractId { get; init; }
    public required string DeviceId { get; init; }
    public required string TaskId { get; init; }
    public required string TaskType { get; init; }
    public required int Priority { get; init; }
    public required string Frame { get; init; }
    public required long FencingToken { get; init; }

    [Description("The state of the lifecycle.")]
    public required ContractStatus Status { get; init; }

    [Description("Raised by every transition, not by telemetry.")]
    public required int Version { get; init; }

    [Description("Whether this is known, estimated, or neither.")]
    public required Certainty Certainty { get; init; }

    [Description("Connectivity is confirmed: a message of the device's present connection is not too old.")]
    public required bool Connected { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    [Description("When the last transition was.")]
    public required DateTimeOffset ChangedAt { get; init; }

    [Description("What the device should have and do.")]
    public required DesiredPart Desired { get; init; }

    [Description("What the device has confirmed; absent before acceptance.")]
    public ReportedPart? Reported { get; init; }

    [Description("The last revision with evidence of acceptance.")]
    public required IReadOnlyList<PlanPart> Plan { get; init; }

    [Description("What is known to have happened; absent before any evidence.")]
    public Actual? Actual { get; init; }

    [Description("Present while actual is an operator's word, not the device's.")]
    public AttestedBy? Attested { get; init; }

    [Description("The estimate, while certainty is not confirmed and the contract was accepted, or for another instant.")]
    public ProjectionPart? Projection { get; init; }

    [Description("The last report of a reconciliation.")]
    public DivergenceReport? Divergence { get; init; }
    public RecoveryPart? Recovery { get; init; }

    [Description("A person is asked; POST /contracts/{id}/escalation answers.")]
    public EscalationPart? Escalation { get; init; }
    public ReplanPart? Replan { get; init; }
    public HoldPart? Hold { get; init; }

    [Description("The earliest of the deadlines that are armed.")]
    public DeadlinePart? Deadline { get; init; }

    [Description("From then on another device may execute the task: the maximum over every grant.")]
    public DateTimeOffset? SafeToReassignAt { get; init; }
    public OutcomePart? Outcome { get; init; }

    [Description("What later evidence says; the outcome stays.")]
    public OutcomePart? LateOutcome { get; init; }

    [Description("The contract that has the task after this one.")]
    public Guid? SuccessorId { get; init; }
}

internal sealed record DesiredPart(int Revision, Intent Intent, long IntentVersion);

internal sealed record ReportedPart(int Revision, long IntentVersion, long Seq, DateTimeOffset At);

internal sealed record PlanPart(string ActionId, string ActionType, DurationPart Duration);

internal sealed record DurationPart([property: Wire] TimeSpan Min, [property: Wire] TimeSpan Mode, [property: Wire] TimeSpan Max);

internal sealed record ProjectionPart
{
    [Description("The instant it is for.")]
    public required DateTimeOffset At { get; init; }

    [Description("The evidence it starts from.")]
    public required DateTimeOffset From { get; init; }

    [Description("The most likely action, where it is likely enough to be named.")]
    public string? CurrentAction { get; init; }

    [Description("The probability that all is over.")]
    public double? Finished { get; init; }
    public required IReadOnlyList<ProjectedActionPart> Actions { get; init; }

    [Description("Of the whole plan by mean durations, 0 to 1.")]
    public required ProgressPart Progress { get; init; }

    [Description("Along the path of the most likely action; absent where that has none.")]
    public PositionPart? Position { get; init; }
    public required FinishPart Finish { get; init; }
}

internal sealed record ProjectedActionPart(
    string ActionId, Domain.ActionStatus Status, [property: Description("That this one is the current one.")] double? Probability);

internal sealed record PositionPart(IReadOnlyList<double> Expected, [property: Description("In metres; wherever the durations allow the device to be is within.")] double Radius);

internal sealed record ProgressPart(double Low, double Expected, double High);

/// <summary>Null where it is not reached before the lease or the window ends.</summary>
internal sealed record FinishPart
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTimeOffset? Earliest { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTimeOffset? Q05 { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTimeOffset? Q50 { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTimeOffset? Q95 { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTimeOffset? Latest { get; init; }
}

internal sealed record AttestedBy(DateTimeOffset At, string By, string Reason);

internal sealed record RecoveryPart(Guid RecoveryId, Failure Failure, int Attempt, IReadOnlyList<string> Unconfirmed);

internal sealed record EscalationPart(Guid EscalationId, IReadOnlyList<RecoveryStrategy> AllowedStrategies, Failure Failure);

internal sealed record ReplanPart(Guid ReplanId, ReplanReason Reason, DateTimeOffset RequestedAt);

internal sealed record HoldPart(DateTimeOffset? Until, string Reason, string? RequestedBy);

internal sealed record DeadlinePart(Sagas.DeadlineKind Kind, DateTimeOffset At);

internal sealed record OutcomePart(
    ContractStatus Status, DateTimeOffset At, OutcomeEvidence Evidence, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Reason);
