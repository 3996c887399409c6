namespace ExecutionManager.Contracts.Messages;

/// <summary>Operators → EM: the decision, with a strategy or an attested stop. Ignored unless it answers the open escalation.</summary>
public sealed record EscalationResolved
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The escalation answered.</summary>
    public required Guid EscalationId { get; init; }

    /// <summary>What to do; absent with <see cref="AttestedStopped"/>.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public RecoveryStrategy? Strategy { get; init; }

    /// <summary>The operator's word that the device stands still; alone, or with abort or reassign.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public bool? AttestedStopped { get; init; }

    /// <summary>Whether unconfirmed actions may be done twice; absent means false.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public bool? MayRepeat { get; init; }

    /// <summary>With hold: when it ends by itself.</summary>
    [Wire]
    [JsonIgnore(Condition = WhenWritingNull)]
    public DateTimeOffset? Until { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>Who decided; recorded, not proven.</summary>
    public required string By { get; init; }
}
