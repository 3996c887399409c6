namespace ExecutionManager.Neighbours;

/// <summary>The ways in which a neighbour can be told to fail.</summary>
internal enum Fault
{
    None,

    /// <summary>Never answers.</summary>
    Silent,

    /// <summary>Answers rightly, after a delay.</summary>
    Slow,

    /// <summary>Answers at once with something that the Execution Manager must refuse.</summary>
    Wrong,
}
