using System.Data;
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

    private readonly IDurableDatabase database;
    private readonly OutboxSignal signal;
    private readonly IWriteTransaction transaction;
    private readonly List<OutboxMessage> outgoing = [];
    private InboxMessage? expected;
    private bool hasBegun;

    private UnitOfWork(DbContext db, IDurableDatabase database, OutboxSignal signal, IWriteTransaction transaction)
    {
        Db = db;
        this.database = database;
        this.signal = signal;
        this.transaction = transaction;
        IsOpen = true;
    }

    /// <summary>The one this code runs in.</summary>
    public static UnitOfWork? Current => Ambient.Value is { IsOpen: true } work ? work : null;

    public DbContext Db { get; }

    public bool IsOpen { get; private set; }

    /// <summary>The consumer has handled this message before: nothing of it counts this time.</summary>
    public bool IsDuplicate { get; private set; }

    public static async Task<UnitOfWork> Begin(DbContext db, IDurableDatabase database, OutboxSignal signal, CancellationToken cancellationToken) =>
        new(db, database, signal, await database.Begin(db, cancellationToken));

    /// <summary>The inbox row of the message, which goes to the database with the saga that it is for.</summary>
    public void Expect(InboxMessage row) => expected = row;

    /// <summary>Sends the inbox row if it has not been yet.</summary>
    public async Task Receive(CancellationToken cancellationToken)
    {
        if (expected is not { } row)
            return;
        IsDuplicate = !await transaction.TryReceive(row, cancellationToken);
        expected = null;
        hasBegun = true;
    }

    public async Task<TSaga?> Load<TSaga>(Guid correlationId, CancellationToken cancellationToken) where TSaga : class, ISaga
    {
        TSaga? saga;
        if (expected is { } row)
        {
            (var isNew, saga) = await transaction.Receive<TSaga>(row, correlationId, cancellationToken);
            IsDuplicate = !isNew;
            expected = null;
        }
        else
        {
            saga = await transaction.Load<TSaga>(correlationId, cancellationToken);
        }
        hasBegun = true;
        return IsDuplicate ? throw new AlreadyReceivedException() : saga;
    }

    /// <summary>All that the body calls finds this as <see cref="Current"/>; what it has done is committed at its end.</summary>
    public async Task Run(Func<Task> body, (Guid MessageId, string Endpoint)? consumed, CancellationToken cancellationToken)
    {
        Ambient.Value = this;
        try
        {
            await body();
            await Receive(cancellationToken);
            if (IsDuplicate)
            {
                outgoing.Clear();
                Db.ChangeTracker.Clear();
            }
            await transaction.Commit(outgoing, consumed, cancellationToken);
        }
        catch (Exception exception) when (hasBegun && database.IsUnavailable(exception) && Db.Database.GetDbConnection().State != ConnectionState.Open)
        {
            throw new TransactionBrokenException(exception);
        }
        IsOpen = false;
        if (outgoing.Count > 0)
            signal.Set();
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
        await transaction.Cancel(token, cancellationToken);
    }

    public Task AddIfAbsent(object row, CancellationToken cancellationToken) => transaction.AddIfAbsent(row, cancellationToken);

    public ValueTask DisposeAsync()
    {
        IsOpen = false;
        return transaction.DisposeAsync();
    }
}
