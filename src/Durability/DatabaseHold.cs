using Microsoft.Extensions.Logging;

namespace ExecutionManager.Durability;

/// <summary>An unreachable or busy database is no fault of a message: what needs it waits, with back-off, until it answers.</summary>
internal sealed class DatabaseHold(IDurableDatabase database, TimeProvider clock, ILogger<DatabaseHold> logger)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    // All that wait here wait for the same: one line for an absence, whatever their number.
    private bool isAway;

    public bool Covers(Exception exception) => database.IsUnavailable(exception);

    public async Task Run(Func<Task> action, CancellationToken cancellationToken)
    {
        for (var wait = First; ; wait = wait * 2 < Longest ? wait * 2 : Longest)
        {
            try
            {
                await action();
                if (wait > First && Interlocked.Exchange(ref isAway, false))
                    logger.DatabaseBack();
                return;
            }
            catch (Exception exception) when (Covers(exception) && !cancellationToken.IsCancellationRequested)
            {
                if (!Interlocked.Exchange(ref isAway, true))
                    logger.DatabaseUnavailable(exception.Why());
            }
            try
            {
                await Task.Delay(wait, clock, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                Volatile.Write(ref isAway, false);   // who waits on says so again
                throw;
            }
        }
    }
}
