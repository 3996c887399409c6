namespace ExecutionManager.Contracts.Messages;

/// <summary>How far a statement may be trusted.</summary>
[JsonConverter(typeof(WireConverter))]
public enum Certainty
{
    /// <summary>Stated by the device or an operator.</summary>
    Confirmed,

    /// <summary>Estimated, with one action likely enough to be named.</summary>
    Projected,

    /// <summary>Neither known nor estimable.</summary>
    Inconclusive,
}
