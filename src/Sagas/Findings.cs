using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>What one message has brought to light so far; lives as long as the message is handled.</summary>
internal sealed class Findings
{
    public Verdict Verdict { get; set; }

    /// <summary>The failure that a move to recovery reports.</summary>
    public Failure? Failure { get; set; }

    /// <summary>Evidence for the next transition's history entry.</summary>
    public JsonObject Evidence { get; set; } = [];

    /// <summary>The level of the report that goes with the next transition.</summary>
    public DivergenceLevel? Report { get; set; }

    /// <summary>Why the Planner is asked, when it is.</summary>
    public ReplanReason Replan { get; set; }

    /// <summary>The newest contact this message itself brings, for the lease.</summary>
    public Contact? Contact { get; set; }

    /// <summary>The entries of the journal that were new.</summary>
    public IReadOnlyList<JournalEntry> Applied { get; set; } = [];

    /// <summary>New entries of a range that was given up: they do not count any more.</summary>
    public IReadOnlyList<JournalEntry> Late { get; set; } = [];

    /// <summary>The failure that the new entries show.</summary>
    public Domain.FoundFailure? Found { get; set; }

    /// <summary>The operator whose word it is, not the device's, that it stands still.</summary>
    public string? AttestedBy { get; set; }

    public bool Has(Verdict verdict) => (Verdict & verdict) != 0;

    public void Add(Verdict verdict) => Verdict |= verdict;
}

internal static class FindingsExtensions
{
    public static Findings Findings(this PipeContext context) => context.GetOrAddPayload(() => new Findings());

    /// <summary>Runs <paramref name="then"/> when the verdict stands; what it leaves is settled, so a later branch does not see it.</summary>
    public static EventActivityBinder<ContractState, T> On<T>(
        this EventActivityBinder<ContractState, T> binder,
        Verdict verdict,
        Func<EventActivityBinder<ContractState, T>, EventActivityBinder<ContractState, T>> then)
        where T : class =>
        binder.If(
            context => context.Findings().Has(verdict),
            taken => then(taken.Then(context => context.Findings().Verdict = Verdict.None))
                .Then(context => context.Findings().Verdict = Verdict.None));

    public static EventActivityBinder<ContractState, DeadlineReached> On(
        this EventActivityBinder<ContractState, DeadlineReached> binder,
        DeadlineKind kind,
        Func<EventActivityBinder<ContractState, DeadlineReached>, EventActivityBinder<ContractState, DeadlineReached>> then) =>
        binder.If(context => context.Findings().Has(Verdict.Due) && context.Message.Kind == kind, then);
}
