namespace ExecutionManager.Contracts.Messages;

/// <summary>The four measures of divergence.</summary>
[JsonConverter(typeof(WireConverter))]
public enum DivergenceMeasure
{
    /// <summary>Which actions were executed, in which order.</summary>
    Flow,

    /// <summary>When actions ended.</summary>
    Time,

    /// <summary>Where the device is.</summary>
    Space,

    /// <summary>Which data was used.</summary>
    Data,
}
