using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ExecutionManager.Sagas;

/// <summary>The services that the verbs of one message work with.</summary>
public sealed class Work(
    IContractRecords records,
    TimeProvider clock,
    ContractSettings settings,
    NewGuid ids,
    ILogger<ContractMachine> log)
{
    public IContractRecords Records { get; } = records;
    public ContractSettings Settings { get; } = settings;
    public ILogger Log { get; } = log;
    public DateTimeOffset Now { get; } = clock.GetUtcNow();
    public Guid NewId() => ids();
}

/// <summary>The source of ids; a test gives a seeded one.</summary>
public delegate Guid NewGuid();

internal static class WorkExtensions
{
    /// <summary>One <see cref="Work"/> a message, so that all of it happens at one instant.</summary>
    public static Work Work(this PipeContext context) =>
        context.GetOrAddPayload(() => context.GetPayload<IServiceProvider>().GetRequiredService<Work>());

    public static Task<Contract> Plan(this BehaviorContext<ContractState> context, int revision) =>
        context.Work().Records.Document(context.Saga.CorrelationId, revision, context.CancellationToken);
}
