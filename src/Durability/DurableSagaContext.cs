using MassTransit;
using MassTransit.Context;
using MassTransit.Middleware;
using MassTransit.Saga;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Durability;

/// <summary>How the saga pipe reads and writes an instance, within the transaction around it.</summary>
internal sealed class DurableSagaContext<TSaga, T>(
    UnitOfWork work, IDurableDatabase database, ConsumeContext<T> context, ISagaConsumeContextFactory<DbContext, TSaga> factory)
    : ConsumeContextScope<T>(context, work.Db), SagaRepositoryContext<TSaga, T>
    where TSaga : class, ISaga
    where T : class
{
    private readonly ConsumeContext<T> context = context;
    private readonly DbContext db = work.Db;

    public async Task<SagaConsumeContext<TSaga, T>> Load(Guid correlationId) =>
        await work.Load<TSaga>(correlationId, CancellationToken) is { } saga ? await For(saga, SagaConsumeContextMode.Load) : null!;

    public Task<SagaConsumeContext<TSaga, T>> Add(TSaga instance) => For(instance, SagaConsumeContextMode.Add);

    public async Task<SagaConsumeContext<TSaga, T>> Insert(TSaga instance)
    {
        await work.Receive(CancellationToken);
        if (work.IsDuplicate)
            throw new AlreadyReceivedException();
        var entry = db.Add(instance);
        // On PostgreSQL a failed statement would end the transaction, not only itself.
        db.Database.AutoSavepointsEnabled = true;
        try
        {
            await db.SaveChangesAsync(CancellationToken);
            return await For(instance, SagaConsumeContextMode.Insert);
        }
        catch (DbUpdateException exception) when (database.IsConflict(exception))
        {
            // Someone else was first: null makes the pipe load theirs.
            entry.State = EntityState.Detached;
            return null!;
        }
        finally
        {
            db.Database.AutoSavepointsEnabled = false;
        }
    }

    // The transaction's owner saves once, with everything else; only the intention is noted here.
    public Task Save(SagaConsumeContext<TSaga> saga)
    {
        db.Add(saga.Saga);
        return Task.CompletedTask;
    }

    public Task Update(SagaConsumeContext<TSaga> saga)
    {
        if (saga.Saga is ISagaVersion versioned && IsModified(saga.Saga))
            versioned.Version++;
        return Task.CompletedTask;
    }

    public Task Delete(SagaConsumeContext<TSaga> saga)
    {
        db.Remove(saga.Saga);
        return Task.CompletedTask;
    }

    public Task Discard(SagaConsumeContext<TSaga> saga) => Task.CompletedTask;

    public Task Undo(SagaConsumeContext<TSaga> saga)
    {
        db.Entry(saga.Saga).State = EntityState.Unchanged;
        return Task.CompletedTask;
    }

    public Task<SagaConsumeContext<TSaga, TMessage>> CreateSagaConsumeContext<TMessage>(
        ConsumeContext<TMessage> consumeContext, TSaga instance, SagaConsumeContextMode mode)
        where TMessage : class => factory.CreateSagaConsumeContext(db, consumeContext, instance, mode);

    private Task<SagaConsumeContext<TSaga, T>> For(TSaga saga, SagaConsumeContextMode mode) => factory.CreateSagaConsumeContext(db, context, saga, mode);

    private bool IsModified(TSaga saga)
    {
        db.ChangeTracker.DetectChanges();
        var entry = db.Entry(saga);
        return entry.State != EntityState.Unchanged
            || entry.References.Any(x => x.TargetEntry is { State: not EntityState.Unchanged } part && part.Metadata.IsOwned());
    }
}

/// <summary>Reading outside a message.</summary>
internal sealed class SagaReadContext<TSaga>(DbContext db, CancellationToken cancellationToken)
    : BasePipeContext(cancellationToken), LoadSagaRepositoryContext<TSaga>, QuerySagaRepositoryContext<TSaga>
    where TSaga : class, ISaga
{
    public Task<TSaga> Load(Guid correlationId) =>
        db.Set<TSaga>().AsNoTracking().FirstOrDefaultAsync(x => x.CorrelationId == correlationId, CancellationToken)!;

    public async Task<SagaRepositoryQueryContext<TSaga>> Query(ISagaQuery<TSaga> query, CancellationToken cancellationToken = default) =>
        new DefaultSagaRepositoryQueryContext<TSaga>(
            this, await db.Set<TSaga>().Where(query.FilterExpression).Select(x => x.CorrelationId).ToListAsync(cancellationToken));
}
