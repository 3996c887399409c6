using System.Collections.Concurrent;
using ExecutionManager.Contracts.Messages;
using MassTransit;
using Microsoft.Extensions.Hosting;

namespace ExecutionManager.Neighbours;

/// <summary>Assigns the Scheduler's tasks, and each again until it is answered: nobody may have listened.</summary>
internal sealed class Assigning(Scheduler scheduler, IBusControl bus, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<Guid, TaskAssigned> _open = new(scheduler.Assignments.Select(one => KeyValuePair.Create(one.ContractId!.Value, one)));

    /// <summary>An assignment was accepted or refused.</summary>
    public void Settle(Guid contractId) => _open.TryRemove(contractId, out _);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_open.IsEmpty || scheduler.Conduct.Fault == Fault.Silent)
            return;
        if (scheduler.Conduct.Fault == Fault.Slow)
            await Task.Delay(scheduler.Conduct.Delay, time, stoppingToken);

        await bus.WaitForHealthStatus(BusHealthStatus.Healthy, stoppingToken);
        using var timer = new PeriodicTimer(Again, time);
        do
        {
            foreach (var assigned in _open.Values)
                await bus.Publish(assigned, stoppingToken);
        }
        while (!_open.IsEmpty && await timer.WaitForNextTickAsync(stoppingToken));
    }
}
