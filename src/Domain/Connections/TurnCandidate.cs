namespace ExecutionManager.Domain;

/// <summary>A contract of a device, as far as taking turns goes.</summary>
/// <param name="ContractId">The contract.</param>
/// <param name="Priority">Higher goes first.</param>
/// <param name="AcceptedAt">Earlier goes first; null is not accepted.</param>
/// <param name="NotBefore">Not before.</param>
/// <param name="LeaseEnd">Not from then on; null where no lease is enforced.</param>
/// <param name="MayRun">The intent is run and it is not over.</param>
/// <param name="Running">It has begun and is not interrupted: it is never pre-empted.</param>
public sealed record TurnCandidate(
    Guid ContractId,
    int Priority,
    DateTimeOffset? AcceptedAt,
    DateTimeOffset? NotBefore,
    DateTimeOffset? LeaseEnd,
    bool MayRun,
    bool Running);
