using System.Data.Common;
using System.Diagnostics.Metrics;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Journeys.Tests;

/// <summary>An attempt that lost a race and was rolled back is no transition.</summary>
[NonParallelizable]
public sealed class When_a_transition_is_tried_again
{
    [Test]
    [CancelAfter(60_000)]
    public async Task Should_be_counted_once(CancellationToken cancellation)
    {
        var counted = 0L;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, on) =>
        {
            if (instrument.Name == "em_transitions")
            {
                on.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref counted, value));
        listener.Start();

        var race = new LostRace();
        await using var host = await ApiHost.Run(compose: services => services.ConfigureDbContext<SqliteStoreContext>(db => db.AddInterceptors(race)));
        var path = $"/contracts/{(await host.Post("/contracts", ApiHost.Document())).Json["contractId"]}";
        await host.Until(path, contract => contract["status"]!.GetValue<string>() == "awaitingConnection");
        while (Interlocked.Read(ref counted) == 0)
        {
            // It is counted a moment after it can be seen.
            Assert.That(cancellation.IsCancellationRequested, Is.False);
            await Task.Yield();
        }

        Assert.That((race.Lost, counted), Is.EqualTo((1, 1)));
    }

    /// <summary>The first commit of a transition fails, as if another worker had been faster.</summary>
    private sealed class LostRace : DbTransactionInterceptor
    {
        public int Lost { get; private set; }

        public override ValueTask<InterceptionResult> TransactionCommittingAsync(
            DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            if (Lost == 0 && eventData.Context!.ChangeTracker.Entries<ContractState>().Any(saga => saga.Entity.Version > 0))
            {
                Lost++;
                throw new DbUpdateConcurrencyException("Another was faster.");
            }

            return ValueTask.FromResult(result);
        }
    }
}
