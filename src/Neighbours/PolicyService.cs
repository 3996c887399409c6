using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Neighbours;

/// <summary>Reference Policy Service: the first rule of its table that applies decides, else it holds.</summary>
internal sealed class PolicyService(IReadOnlyList<PolicyRule> rules, Conduct conduct) : INeighbour<RecoveryRequested>
{
    // Without a rule: the mildest first. A retry is never guessed.
    private static readonly PolicyRule[] Otherwise =
    [
        .. new[] { RecoveryStrategy.Hold, RecoveryStrategy.Escalate, RecoveryStrategy.Abort }
            .Select(strategy => new PolicyRule(new(), new(strategy, "no rule of the table applies"))),
    ];

    public Conduct Conduct => conduct;

    public Guid ContractOf(RecoveryRequested request) => request.ContractId;

    public object? Answer(RecoveryRequested request, DateTimeOffset now) =>
        rules.Concat(Otherwise).FirstOrDefault(rule => rule.AppliesTo(request))?.Then.Decide(request, now);

    /// <summary>A strategy that is not allowed; where all are, the decision of another request.</summary>
    public object WrongAnswer(RecoveryRequested request, DateTimeOffset now)
    {
        var forbidden = Enum.GetValues<RecoveryStrategy>().Except(request.AllowedStrategies).ToList();
        var decision = new PolicyChoice(forbidden.FirstOrDefault(), "wrong on purpose").Decide(request, now);
        return forbidden is [] ? decision with { RecoveryId = request.ContractId } : decision;
    }
}
