namespace ExecutionManager.Simulation;

/// <summary>What a device is and how it errs; a device is a function of its profile and what it receives.</summary>
public sealed record DeviceProfile
{
    public required string DeviceId { get; init; }

    /// <summary>Decides durations within their bounds, stopping times and jitter.</summary>
    public int Seed { get; init; }

    public TimeSpan ReportInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>False: <c>evidence: snapshot</c>, journals without entries.</summary>
    public bool KeepsJournal { get; init; } = true;

    /// <summary>False: <c>lease: none</c>, it goes on without a grant.</summary>
    public bool EnforcesLease { get; init; } = true;

    /// <summary>How far its wall clock is ahead of true time.</summary>
    public TimeSpan ClockSkew { get; init; }

    /// <summary>How much faster its clock since boot runs: 0.01 is one percent fast.</summary>
    public double UptimeDrift { get; init; }

    /// <summary>Action types it can execute; null: all.</summary>
    public IReadOnlySet<string>? ActionTypes { get; init; }

    public int MaxContracts { get; init; } = 100;

    public int MaxContractBytes { get; init; } = 256 * 1024;

    /// <summary>Entries it can keep unacknowledged; it starts no action that might not fit.</summary>
    public int StorageLimit { get; init; } = 10_000;

    public DeviceScript Script { get; init; } = DeviceScript.Obedient;
}
