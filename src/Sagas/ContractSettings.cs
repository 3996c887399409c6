using ExecutionManager.Domain;

namespace ExecutionManager.Sagas;

/// <summary>Deadlines and limits of the lifecycle; section names and defaults as in the configuration.</summary>
public sealed record ContractSettings
{
    public TimeSpan? StaleAfter { get; init; }
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(2);
    public TimeSpan Data { get; init; } = TimeSpan.FromMinutes(2);
    public TimeSpan Push { get; init; } = TimeSpan.FromHours(1);
    public TimeSpan Accept { get; init; } = TimeSpan.FromSeconds(30);
    public TimeSpan Stall { get; init; } = TimeSpan.FromMinutes(2);
    public TimeSpan Actuals { get; init; } = TimeSpan.FromMinutes(2);
    public TimeSpan Replan { get; init; } = TimeSpan.FromMinutes(5);
    public TimeSpan Policy { get; init; } = TimeSpan.FromSeconds(30);
    public TimeSpan Command { get; init; } = TimeSpan.FromSeconds(30);
    public TimeSpan CatchUp { get; init; } = TimeSpan.FromSeconds(30);
    public TimeSpan MaxHold { get; init; } = TimeSpan.FromHours(24);
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(1);
    public TimeSpan Reassignment { get; init; } = TimeSpan.FromMinutes(5);
    public TimeSpan EscalationReminder { get; init; } = TimeSpan.FromHours(1);
    public int AcceptAttempts { get; init; } = 3;
    public int PolicyAttempts { get; init; } = 3;

    /// <summary>From which probability on a projection names an action.</summary>
    public double MinProbability { get; init; } = Projection.MinProbability;
    public RecoveryFallback Fallback { get; init; } = RecoveryFallback.Escalate;
}

/// <summary>What is done when the Policy Service gives no usable decision.</summary>
public enum RecoveryFallback
{
    Escalate,
    Hold,
    Abort,
}
