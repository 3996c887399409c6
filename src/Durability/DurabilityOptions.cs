using MassTransit;

namespace ExecutionManager.Durability;

public sealed class DurabilityOptions
{
    private readonly HashSet<string> mandatory = [];

    /// <summary>Failed sends of a message before it is parked. An unreachable broker does not count. Default: 10.</summary>
    public int MaxAttempts { get; set; } = 10;

    /// <summary>Messages the relay takes, and sends side by side, at once. Default: 100.</summary>
    public int BatchSize { get; set; } = 100;

    /// <summary>How long a message written by another process may lie before the relay sees it. Default: 1 s.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The wait after the first failed send; it doubles with each further one. Default: 1 s.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait between two sends of one message. Default: 1 min.</summary>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long sends may hold up the next batch; one that takes longer holds up its own destination alone. Default: 1 s.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long one send may take before it counts as failed. Default: 30 s.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a message taken for a broker belongs to the relay that took it; longer than SendTimeout. Default: 2 min.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a handled message is remembered: longer than any redelivery may take. Default: 7 days.</summary>
    public TimeSpan InboxRetention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How often, and how many at once, remembered messages are purged. Default: 1,000 every 10 s.</summary>
    public TimeSpan PurgeInterval { get; set; } = TimeSpan.FromSeconds(10);

    public int PurgeBatch { get; set; } = 1_000;

    /// <summary>False leaves the relay to whoever calls <see cref="Relay.RunOnce"/>. Default: true.</summary>
    public bool RunRelay { get; set; } = true;

    /// <summary>What a message is about when MassTransit does not know: by this parked rows can be found and deleted.</summary>
    public Func<object, Guid?>? CorrelateBy { get; set; }

    /// <summary>Tells a broker's answer that no queue takes a mandatory message from other faults; the exception's type is the transport's.</summary>
    public Func<Exception, bool> IsReturned { get; set; } = _ => false;

    /// <summary>Without a receiver messages of this type stay as parked rows instead of vanishing.</summary>
    public DurabilityOptions Mandatory<T>() where T : class
    {
        mandatory.Add(MessageUrn.ForTypeString<T>());
        return this;
    }

    internal bool IsMandatory(IEnumerable<string> messageTypes) => messageTypes.Any(mandatory.Contains);

    internal bool IsValid() =>
        MaxAttempts > 0 && BatchSize > 0 && PurgeBatch > 0 && PollInterval > TimeSpan.Zero && RetryDelay > TimeSpan.Zero
        && MaxRetryDelay >= RetryDelay && Patience > TimeSpan.Zero && SendTimeout > TimeSpan.Zero && Lease > SendTimeout && PurgeInterval > TimeSpan.Zero
        && InboxRetention > TimeSpan.Zero;
}
