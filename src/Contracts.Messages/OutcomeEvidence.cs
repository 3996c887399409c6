namespace ExecutionManager.Contracts.Messages;

/// <summary>What a terminal state rests on.</summary>
[JsonConverter(typeof(WireConverter))]
public enum OutcomeEvidence
{
    /// <summary>The device said so.</summary>
    Device,

    /// <summary>An operator said so.</summary>
    Operator,

    /// <summary>The lease has ended, so the device must stand still.</summary>
    LeaseEnd,
}
