using Microsoft.Extensions.Logging;

namespace ExecutionManager.Durability;

/// <summary>An unreachable or busy database is no fault of a message: what needs it waits, with back-off, until it answers.</summary>
internal sealed class DatabaseHold(IDurableDatabase database, TimeProvider clock, ILogger<DatabaseHold> logger)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    public bool Covers(Exception exception) => database.IsUnavailable(exception);

    public async Task Run(Func<Task> action, CancellationToken cancellationToken)
    {
        for (var wait = First; ; wait = wait * 2 < Longest ? wait * 2 : Longest)
        {
            try
            {
                await action();
                return;
            }
            catch (Exception exception) when (Covers(exception) && !cancellationToken.IsCancellationRequested)
            {
                if (wait == First)
                    logger.DatabaseUnavailable(exception.GetBaseException().Message);
            }
            await Task.Delay(wait, clock, cancellationToken);
        }
    }
}
