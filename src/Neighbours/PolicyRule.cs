using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Neighbours;

/// <summary>One rule of the table: when a request is like this, then decide that.</summary>
internal sealed record PolicyRule(PolicyCondition When, PolicyChoice Then)
{
    public bool AppliesTo(RecoveryRequested request) => When.Matches(request) && Then.MayAnswer(request);
}
