namespace ExecutionManager.Simulation;

/// <summary>How one action goes. Incidents (fail, fault, violate, pause) come at <see cref="IncidentAt"/> of it.</summary>
public sealed record ActionBehaviour
{
    public static ActionBehaviour AsPlanned { get; } = new();

    /// <summary>Where in [min, max] its duration lies, 0..1 (beyond 1: it overruns); null: the seed decides.</summary>
    public double? Fraction { get; init; }

    /// <summary>Fraction of the duration, 0..1.</summary>
    public double IncidentAt { get; init; } = 0.5;

    /// <summary>A reason code: it fails.</summary>
    public string? FailWith { get; init; }

    /// <summary>A fault code: the device fails.</summary>
    public string? FaultWith { get; init; }

    /// <summary>actionType, area or window.</summary>
    public string? Violate { get; init; }

    /// <summary>The device pauses by itself.</summary>
    public TimeSpan? PauseFor { get; init; }

    /// <summary>It is left out without a word.</summary>
    public bool Skip { get; init; }

    /// <summary>Type of an action of the device's own that comes first.</summary>
    public string? ExtraBefore { get; init; }

    public TimeSpan ExtraFor { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>It starts with other data than the contract's.</summary>
    public bool WrongData { get; init; }
}
