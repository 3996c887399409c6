namespace ExecutionManager.Contracts.Messages;

/// <summary>The states of a contract's lifecycle. The last four are terminal.</summary>
[JsonConverter(typeof(WireConverter))]
public enum ContractStatus
{
    /// <summary>Required data is being requested from Equator.</summary>
    Preparing,

    /// <summary>Connectivity is not confirmed, so nothing is pushed.</summary>
    AwaitingConnection,

    /// <summary>Pushed on the current connection, not yet accepted.</summary>
    Pushing,

    /// <summary>Connected, with real-time reports.</summary>
    Live,

    /// <summary>Offline, or back but its actuals not complete: the platform estimates.</summary>
    Projected,

    /// <summary>Actuals have corrected the projection and divergence is judged.</summary>
    Reconciled,

    /// <summary>A failure is with the Policy Service, or its decision is being carried out.</summary>
    Recovering,

    /// <summary>Told to hold by policy or operator.</summary>
    Held,

    /// <summary>Waiting for an operator's decision.</summary>
    Escalated,

    /// <summary>Cancelled, aborted or reassigned, but the device is not yet known to stand still.</summary>
    Stopping,

    /// <summary>Terminal: the whole plan was executed.</summary>
    Completed,

    /// <summary>Terminal: cancelled on request.</summary>
    Cancelled,

    /// <summary>Terminal: given up by a recovery decision.</summary>
    Aborted,

    /// <summary>Terminal: the task went to another device.</summary>
    Reassigned,
}
