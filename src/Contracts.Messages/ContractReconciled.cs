namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → Applications: actuals have corrected the projection. Ordered by the report's instant.</summary>
public sealed record ContractReconciled
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The device.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The task.</summary>
    public required string TaskId { get; init; }

    /// <summary>The result.</summary>
    public required DivergenceReport Report { get; init; }
}
