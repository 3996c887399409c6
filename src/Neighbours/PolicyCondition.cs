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
        && Attempt?.Any(range => range.Contains(request.Attempt)) != false
        && Certainty?.Contains(request.Failure.Certainty) != false
        && (Connected ?? request.Connected) == request.Connected;
}
