namespace ExecutionManager.Contracts.Messages;

/// <summary>What a retry repeats.</summary>
[JsonConverter(typeof(WireConverter))]
public enum RetryFrom
{
    /// <summary>The actions not yet finished.</summary>
    Remaining,

    /// <summary>The whole plan, under new action ids.</summary>
    All,
}
