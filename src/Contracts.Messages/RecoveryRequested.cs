namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → Policy Service: a contract failed, what now? A duplicate has the same <see cref="RecoveryId"/>.</summary>
public sealed record RecoveryRequested
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The device.</summary>
    public required string DeviceId { get; init; }

    /// <summary>Comes back in the decision; another than the open one is ignored.</summary>
    public required Guid RecoveryId { get; init; }

    /// <summary>From 1; unanswered and refused requests count.</summary>
    public required int Attempt { get; init; }

    /// <summary>Whether the device is connected.</summary>
    public required bool Connected { get; init; }

    /// <summary>From then on the device stands still, whatever it does not hear; absent if nothing was ever granted.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public DateTimeOffset? SafeToReassignAt { get; init; }

    /// <summary>The contract without the contents of its data.</summary>
    public required ContractDocument Contract { get; init; }

    /// <summary>What is known of the execution; absent before acceptance.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public Actual? Actual { get; init; }

    /// <summary>The actions not known to be finished.</summary>
    public required IReadOnlyList<PlannedAction> RemainingActions { get; init; }

    /// <summary>What failed.</summary>
    public required Failure Failure { get; init; }

    /// <summary>Earlier recoveries of this contract, oldest first.</summary>
    public required IReadOnlyList<EarlierRecovery> Earlier { get; init; }

    /// <summary>Remaining actions that may have been done and are not idempotent: to retry them takes <c>mayRepeat</c>.</summary>
    public required IReadOnlyList<string> Unconfirmed { get; init; }

    /// <summary>The strategies that can be carried out.</summary>
    [Wire]
    public required IReadOnlyList<RecoveryStrategy> AllowedStrategies { get; init; }

    /// <summary>The decision that was refused, if this request follows one; written as null if not.</summary>
    [JsonIgnore(Condition = Never)]
    public RefusedDecision? Refused { get; init; }
}
