namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → operators: a person must decide. Repeated with the same <see cref="EscalationId"/> as a reminder.</summary>
public sealed record EscalationRaised
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The device.</summary>
    public required string DeviceId { get; init; }

    /// <summary>Comes back in the answer; another than the open one is ignored.</summary>
    public required Guid EscalationId { get; init; }

    /// <summary>What failed.</summary>
    public required Failure Failure { get; init; }

    /// <summary>Free form object: what an operator should know.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public JsonElement? Evidence { get; init; }

    /// <summary>The strategies that can be carried out.</summary>
    [Wire]
    public required IReadOnlyList<RecoveryStrategy> AllowedStrategies { get; init; }
}
