namespace ExecutionManager.Contracts.Messages;

/// <summary>A detected failure.</summary>
public sealed record Failure
{
    /// <summary>What failed.</summary>
    [Wire]
    public required FailureKind Kind { get; init; }

    /// <summary>The action it concerns, if any.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public string? ActionId { get; init; }

    /// <summary>For people.</summary>
    public required string Detail { get; init; }

    /// <summary>Whether it is known, or concluded from silence.</summary>
    [Wire]
    public required Certainty Certainty { get; init; }

    /// <summary>Free form object: what it was concluded from.</summary>
    [JsonIgnore(Condition = WhenWritingNull)]
    public JsonElement? Evidence { get; init; }

    /// <summary>When the EM detected it.</summary>
    [Wire]
    public required DateTimeOffset At { get; init; }
}
