namespace ExecutionManager.Contracts.Messages;

/// <summary>How a contract ended. It never changes.</summary>
public sealed record Outcome
{
    /// <summary>One of the terminal states.</summary>
    [Wire]
    public required ContractStatus Status { get; init; }

    /// <summary>When it ended.</summary>
    [Wire]
    public required DateTimeOffset At { get; init; }

    /// <summary>What this rests on.</summary>
    [Wire]
    public required OutcomeEvidence Evidence { get; init; }

    /// <summary>Why, where the status does not say it, for example <c>doneByOther</c>.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? Reason { get; init; }
}
