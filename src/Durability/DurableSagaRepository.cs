using MassTransit;
using MassTransit.Context;
using MassTransit.Saga;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Durability;

/// <summary>Sagas as rows of the scope's context: in the message's transaction, or in one of their own where there is no inbox.</summary>
internal sealed class DurableSagaRepository<TSaga>(
    DurableContext context, IDurableDatabase database, OutboxSignal signal, ISagaConsumeContextFactory<DbContext, TSaga> factory)
    : ISagaRepositoryContextFactory<TSaga>, ILoadSagaRepositoryContextFactory<TSaga>, IQuerySagaRepositoryContextFactory<TSaga>
    where TSaga : class, ISaga
{
    public Task Send<T>(ConsumeContext<T> message, IPipe<SagaRepositoryContext<TSaga, T>> next) where T : class =>
        InTransaction(message, work => next.Send(new DurableSagaContext<TSaga, T>(work, database, message, factory)));

    public Task SendQuery<T>(ConsumeContext<T> message, ISagaQuery<TSaga> query, IPipe<SagaRepositoryQueryContext<TSaga, T>> next) where T : class =>
        InTransaction(message, async work =>
        {
            await work.Receive(message.CancellationToken);
            if (work.IsDuplicate)
                return;
            var found = await context.Db.Set<TSaga>().Where(query.FilterExpression).ToListAsync(message.CancellationToken);
            var saga = new DurableSagaContext<TSaga, T>(work, database, message, factory);
            await next.Send(new LoadedSagaRepositoryQueryContext<TSaga, T>(saga, found));
        });

    public Task<T> Execute<T>(Func<LoadSagaRepositoryContext<TSaga>, Task<T>> asyncMethod, CancellationToken cancellationToken = default) where T : class =>
        asyncMethod(new SagaReadContext<TSaga>(context.Db, cancellationToken));

    public Task<T> Execute<T>(Func<QuerySagaRepositoryContext<TSaga>, Task<T>> asyncMethod, CancellationToken cancellationToken = default) where T : class =>
        asyncMethod(new SagaReadContext<TSaga>(context.Db, cancellationToken));

    public void Probe(ProbeContext context) => context.Add("persistence", "durable");

    private async Task InTransaction(ConsumeContext message, Func<UnitOfWork, Task> body)
    {
        if (message.TryGetPayload<IInboxScope>(out var inbox) && inbox.Work.IsOpen)
        {
            try
            {
                await body(inbox.Work);
            }
            catch (AlreadyReceivedException)
            {
                // Acknowledged, without effect.
            }
            return;
        }
        await using var work = await UnitOfWork.Begin(context.Db, database, signal, message.CancellationToken);
        await work.Run(() => body(work), null, message.CancellationToken);
    }
}
