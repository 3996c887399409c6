namespace ExecutionManager.Simulation;

/// <summary>Accept, refuse with a reason code, or neither store nor answer.</summary>
public sealed record PushAnswer
{
    private PushAnswer(string? reasonCode, bool silent) => (ReasonCode, IsSilent) = (reasonCode, silent);

    public static PushAnswer Accept { get; } = new(null, false);

    public static PushAnswer Silence { get; } = new(null, true);

    public string? ReasonCode { get; }

    public bool IsSilent { get; }

    public static PushAnswer Refuse(string reasonCode) => new(reasonCode, false);
}
