using ExecutionManager.Durability;
using System.Collections.Concurrent;
using System.Threading.Channels;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Store;

namespace ExecutionManager.Worker;

/// <summary>Looks for new events, once for all streams of this worker, and hands on progress, which is nowhere kept.</summary>
public sealed partial class EventFeed(IServiceScopeFactory scopes, EventStreamLimits limits, TimeProvider clock, ILogger<EventFeed> log) : BackgroundService
{
    // While nobody listens a look is only for those who come, to begin near the present.
    private const int Seldom = 10;

    private readonly ConcurrentDictionary<ChannelWriter<ContractProgressed?>, Guid?> listeners = new();
    private readonly TaskCompletionSource known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EventHorizon horizon = new();
    private bool failed;

    /// <summary>All events up to this one may be read.</summary>
    public long Through => Volatile.Read(ref horizon).Through ?? 0;

    /// <summary>Streams open now.</summary>
    public int Streams => listeners.Count;

    /// <summary>How often it was looked for events so far.</summary>
    public long Looks { get; private set; }

    /// <summary>Ends when <see cref="Through"/> is known.</summary>
    public Task Known => known.Task;

    /// <summary>What wakes a stream: progress to be written, or null for news in the log. Null when there are too many streams.</summary>
    public ChannelReader<ContractProgressed?>? Listen(Guid? contractId, out IDisposable? end)
    {
        end = null;
        var channel = Channel.CreateBounded<ContractProgressed?>(new BoundedChannelOptions(limits.Progress) { FullMode = BoundedChannelFullMode.DropOldest });
        if (Streams >= limits.Streams || !listeners.TryAdd(channel.Writer, contractId))
        {
            return null;
        }

        end = new Listening(this, channel.Writer);
        return channel.Reader;
    }

    /// <summary>Hands progress to the streams that are open now.</summary>
    public void Offer(ContractProgressed progress)
    {
        foreach (var (listener, contractId) in listeners)
        {
            if (contractId is null || contractId == progress.ContractId)
            {
                listener.TryWrite(progress);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(limits.Poll, clock);
        for (var tick = 0; await timer.WaitForNextTickAsync(stoppingToken); tick++)
        {
            if (!listeners.IsEmpty || !known.Task.IsCompleted || tick % Seldom == 0)
            {
                await Look(stoppingToken);
            }
        }
    }

    private async Task Look(CancellationToken ct)
    {
        try
        {
            Looks++;
            var before = horizon;
            await using var scope = scopes.CreateAsyncScope();
            var now = await scope.ServiceProvider.GetRequiredService<EventLog>().Look(before, ct);
            Volatile.Write(ref horizon, now);
            failed = false;
            if (now.Through is not null)
            {
                known.TrySetResult();
            }

            if (now.Through > (before.Through ?? 0))
            {
                foreach (var listener in listeners.Keys)
                {
                    listener.TryWrite(null);
                }
            }
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // The next look sees all that this one did not.
            if (!failed)
            {
                LookFailed(log, fault.Why());
            }

            failed = true;
        }
    }

    [LoggerMessage(EventId = 61, Level = LogLevel.Warning, Message = "Event streams wait, the event log cannot be read: {Why}")]
    private static partial void LookFailed(ILogger logger, string why);

    private sealed class Listening(EventFeed feed, ChannelWriter<ContractProgressed?> writer) : IDisposable
    {
        public void Dispose() => feed.listeners.TryRemove(writer, out _);
    }
}
