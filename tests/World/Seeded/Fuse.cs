using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ExecutionManager.World.Tests;

/// <summary>Kills the process at its next commit: from then on nothing reaches the database any more.</summary>
internal sealed class Fuse : DbTransactionInterceptor
{
    public enum Instant
    {
        BeforeCommit,
        AfterCommit,
    }

    public Instant? Armed { get; set; }

    public bool IsBlown { get; private set; }

    public override ValueTask<InterceptionResult<DbTransaction>> TransactionStartingAsync(
        DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result, CancellationToken cancellationToken = default)
    {
        if (IsBlown)
            throw new ProcessDied();
        return new(result);
    }

    public override ValueTask<InterceptionResult> TransactionCommittingAsync(
        DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        BlowIf(Instant.BeforeCommit);
        return new(result);
    }

    public override Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        BlowIf(Instant.AfterCommit);
        return Task.CompletedTask;
    }

    private void BlowIf(Instant instant)
    {
        IsBlown |= Armed == instant;
        if (IsBlown)
            throw new ProcessDied();
    }

    private sealed class ProcessDied() : Exception("The process died.");
}
