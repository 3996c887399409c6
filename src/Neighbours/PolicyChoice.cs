using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Neighbours;

/// <summary>What a rule decides.</summary>
internal sealed record PolicyChoice(RecoveryStrategy Strategy, string Reason)
{
    public TimeSpan? Delay { get; init; }
    public RetryFrom? From { get; init; }
    public bool MayRepeat { get; init; }

    /// <summary>How long a hold lasts, counted from the decision.</summary>
    public TimeSpan? Until { get; init; }

    /// <summary>Devices that a reassignment must not use, besides the one that has the contract.</summary>
    public IReadOnlyList<string>? ExcludeDevices { get; init; }

    /// <summary>Shown with an escalation; any word.</summary>
    public string? Severity { get; init; }

    /// <summary>
    /// Whether this could be carried out: allowed, not what was just refused, and not a repetition of what may have been
    /// done already unless that may be repeated.
    /// </summary>
    public bool MayAnswer(RecoveryRequested request) =>
        request.AllowedStrategies.Contains(Strategy)
        && request.Refused?.Strategy != Strategy
        && (MayRepeat || request.Unconfirmed is [] || Strategy is not (RecoveryStrategy.Retry or RecoveryStrategy.Reassign));

    public RecoveryDecided Decide(RecoveryRequested request, DateTimeOffset now) => new()
    {
        ContractId = request.ContractId,
        RecoveryId = request.RecoveryId,
        Strategy = Strategy,
        Delay = Delay,
        From = From,
        MayRepeat = MayRepeat,
        Until = Until is { } time ? now + time : null,
        ExcludeDevices = ExcludeDevices,
        Severity = Severity,
        Reason = Reason,
    };
}
