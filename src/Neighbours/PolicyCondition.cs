using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Neighbours;

/// <summary>What a rule asks of a request; a part that is null asks nothing, a list asks for one of its values.</summary>
internal sealed record PolicyCondition
{
    public IReadOnlyList<FailureKind>? Failure { get; init; }
    public IReadOnlyList<string>? TaskType { get; init; }
    public IReadOnlyList<AttemptRange>? Attempt { get; init; }
    public IReadOnlyList<Certainty>? Certainty { get; init; }
    public bool? Connected { get; init; }

    public bool Matches(RecoveryRequested request) =>
        Failure?.Contains(request.Failure.Kind) != false
        && TaskType?.Contains(request.Contract.Task?.Type) != false
        && Attempt?.Any(range => range.Contains(AttemptOf(request))) != false
        && Certainty?.Contains(request.Failure.Certainty) != false
        && (Connected ?? request.Connected) == request.Connected;

    /// <summary>
    /// How often this contract has had this failure, from 1. A request counts its own repetitions, from 1 for each failure; a
    /// rule that went by these would try for ever. A failure that was left to an operator and then decided is listed twice.
    /// </summary>
    private static int AttemptOf(RecoveryRequested request) => 1 + request.Earlier
        .Where(earlier => earlier.Failure == request.Failure.Kind)
        .DistinctBy(earlier => earlier.RecoveryId)
        .Count();
}
