namespace ExecutionManager.Contracts.Messages;

/// <summary>How far execution is from what was projected.</summary>
[JsonConverter(typeof(WireConverter))]
public enum DivergenceLevel
{
    /// <summary>All measures are zero.</summary>
    Consistent,

    /// <summary>Within the tolerance.</summary>
    Minor,

    /// <summary>A tolerance is exceeded.</summary>
    Major,

    /// <summary>Flow cannot be taken.</summary>
    Undetermined,
}
