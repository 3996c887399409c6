using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Durability;

/// <summary>
/// Small writes outside any transaction, put together into one: many callers share one commit. Bounded: callers wait
/// while 10,000 writes are waiting.
/// </summary>
internal sealed class WriteQueue : IAsyncDisposable
{
    private const int BatchSize = 200;

    private readonly IServiceScopeFactory scopes;
    private readonly IDurableDatabase database;
    private readonly DatabaseHold hold;
    private readonly CancellationTokenSource stop = new();
    private readonly Channel<Write> writes = Channel.CreateBounded<Write>(new BoundedChannelOptions(10_000) { SingleReader = true });
    private readonly Task pump;

    public WriteQueue(IServiceScopeFactory scopes, IDurableDatabase database, DatabaseHold hold)
    {
        this.scopes = scopes;
        this.database = database;
        this.hold = hold;
        // The pump must not inherit the transaction of whoever happens to be the first caller.
        using (ExecutionContext.SuppressFlow())
            pump = Task.Run(Pump);
    }

    /// <summary>Returns when the write is committed. It may run more than once, the last time counts.</summary>
    public async Task Run(Func<DbContext, CancellationToken, Task> action, CancellationToken cancellationToken)
    {
        var write = new Write(action, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await writes.Writer.WriteAsync(write, cancellationToken);
        await write.Done.Task.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        writes.Writer.TryComplete();
        await stop.CancelAsync();
        await pump;
        stop.Dispose();
    }

    private async Task Pump()
    {
        var batch = new List<Write>(BatchSize);
        try
        {
            while (await writes.Reader.WaitToReadAsync(stop.Token))
            {
                batch.Clear();
                while (batch.Count < BatchSize && writes.Reader.TryRead(out var write))
                    batch.Add(write);
                await Commit(batch);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            foreach (var write in batch)
                write.Done.TrySetCanceled(stop.Token);
        }
        while (writes.Reader.TryRead(out var write))
            write.Done.TrySetCanceled(stop.Token);
    }

    private async Task Commit(IReadOnlyList<Write> batch)
    {
        try
        {
            await hold.Run(() => CommitTogether(batch), stop.Token);
        }
        catch (Exception exception) when (!stop.IsCancellationRequested)
        {
            if (batch.Count == 1)
            {
                batch[0].Done.TrySetException(exception);
                return;
            }
            // One of them is at fault: the others must not fail with it.
            foreach (var write in batch)
                await Commit([write]);
            return;
        }
        foreach (var write in batch)
            write.Done.TrySetResult();
    }

    private async Task CommitTogether(IReadOnlyList<Write> batch)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<DurableContext>().Db;
        await using var transaction = await database.Begin(db, stop.Token);
        foreach (var write in batch)
            await write.Action(db, stop.Token);
        await transaction.Commit(stop.Token);
    }

    private sealed record Write(Func<DbContext, CancellationToken, Task> Action, TaskCompletionSource Done);
}
