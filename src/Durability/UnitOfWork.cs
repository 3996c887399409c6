using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Durability;

/// <summary>
/// What one consumed message does to the database, in one transaction: the inbox row, what the scope's context tracks,
/// the messages going out, and the end of the row that brought the message.
/// </summary>
internal sealed class UnitOfWork : IAsyncDisposable
{
    private static readonly AsyncLocal<UnitOfWork?> Ambient = new();

    private readonly OutboxSignal signal;
    private readonly IWriteTransaction transaction;
    private readonly List<OutboxMessage> outgoing = [];

    private UnitOfWork(DbContext db, OutboxSignal signal, IWriteTransaction transaction)
    {
        Db = db;
        this.signal = signal;
        this.transaction = transaction;
        IsOpen = true;
    }

    /// <summary>The one this code runs in.</summary>
    public static UnitOfWork? Current => Ambient.Value is { IsOpen: true } work ? work : null;

    public DbContext Db { get; }

    public bool IsOpen { get; private set; }

    public static async Task<UnitOfWork> Begin(DbContext db, IDurableDatabase database, OutboxSignal signal, CancellationToken cancellationToken) =>
        new(db, signal, await database.Begin(db, cancellationToken));

    public Task<bool> TryReceive(Guid messageId, Guid consumerId, DateTime now, CancellationToken cancellationToken) =>
        transaction.TryReceive(new InboxMessage { MessageId = messageId, ConsumerId = consumerId, ReceivedAt = now }, cancellationToken);

    public Task<TSaga?> Load<TSaga>(Guid correlationId, CancellationToken cancellationToken) where TSaga : class, ISaga =>
        transaction.Load<TSaga>(correlationId, cancellationToken);

    /// <summary>All that the body calls finds this as <see cref="Current"/>.</summary>
    public async Task Run(Func<Task> body)
    {
        Ambient.Value = this;
        await body();
    }

    public void Add(IEnumerable<OutboxMessage> rows)
    {
        // A consumer may publish several messages side by side.
        lock (outgoing)
            outgoing.AddRange(rows);
    }

    public async Task Cancel(Guid token, CancellationToken cancellationToken)
    {
        lock (outgoing)
            outgoing.RemoveAll(x => x.SchedulingToken == token);
        await Db.Set<OutboxMessage>().Where(x => x.SchedulingToken == token).ExecuteDeleteAsync(cancellationToken);
    }

    public async Task Commit((Guid MessageId, string Endpoint)? consumed, CancellationToken cancellationToken)
    {
        await transaction.Commit(outgoing, consumed, cancellationToken);
        IsOpen = false;
        if (outgoing.Count > 0)
            signal.Set();
    }

    public ValueTask DisposeAsync()
    {
        IsOpen = false;
        return transaction.DisposeAsync();
    }
}
