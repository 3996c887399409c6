using System.Diagnostics.Metrics;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>
/// Counts transitions, failures and what estimates were worth once they are committed: what a message brought is noted with its receipt, a further
/// attempt starts anew, and outside all transactions it is counted.
/// </summary>
public sealed class ContractMeter : IFilter<ReceiveContext>
{
    public const string Name = "ExecutionManager.Contracts";

    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> Transitions = Meter.CreateCounter<long>("em_transitions", description: "Transitions of contracts, by state before and after.");

    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("em_failures", description: "Failures of contracts that were recorded, by kind.");

    private static readonly Counter<long> EstimatedEnds = Meter.CreateCounter<long>("em_estimate_ends", description: "Ends of actions while offline, inside or outside of the projected 5 % to 95 %.");

    private static readonly Histogram<double> Incorrect = Meter.CreateHistogram<double>("em_estimate_incorrect_seconds", description: "Of an offline period, how long the most likely action shown was not the one of the journal.");

    internal static void Moved(ConsumeContext context, string from, string to) => Note(context, () => Transitions.Add(1, new("from", from), new("to", to)));

    internal static void Failed(ConsumeContext context, string kind) => Note(context, () => Failures.Add(1, new KeyValuePair<string, object?>("kind", kind)));

    /// <summary>What a projection was worth, known at the reconciliation.</summary>
    internal static void Reconciled(ConsumeContext context, Domain.Divergence found) => Note(context, () =>
    {
        EstimatedEnds.Add(found.EndsInside, new KeyValuePair<string, object?>("inside", "true"));
        EstimatedEnds.Add(found.EndsOutside, new KeyValuePair<string, object?>("inside", "false"));
        if (found.IncorrectFor is { } incorrect)
        {
            Incorrect.Record(incorrect.TotalSeconds);
        }
    });

    public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        await next.Send(context);
        if (!context.IsFaulted && context.TryGetPayload<Notes>(out var notes))
        {
            notes.Counts.ForEach(count => count());
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("contractMeter");

    private static void Note(ConsumeContext context, Action count)
    {
        var attempt = context.Work();
        var notes = context.ReceiveContext.AddOrUpdatePayload(() => new Notes(attempt, []), notes => notes.Attempt == attempt ? notes : new Notes(attempt, []));
        notes.Counts.Add(count);
    }

    private sealed record Notes(Work Attempt, List<Action> Counts);
}
